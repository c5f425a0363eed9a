// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "whisper/bloom.hpp"
#include "whisper/envelope.hpp"

/// What a mail server and its clients say to each other (Status, codes 123 to 126). All failures are Errc::malformed.
namespace sotto::whisper {

inline constexpr std::size_t kMaxCursor = 64;      ///< bytes; 36 are in use
inline constexpr std::size_t kMaxMailError = 256;  ///< bytes of text that are kept

/// Code 126: an envelope whose inside only the server can read, or the request in clear.
struct MailRequest {
    Hash id{};                                ///< of the envelope, or as the request says
    std::optional<EnvelopeView> sealed = {};  ///< a view into the payload; then the rest is not known yet
    std::uint32_t from = 0;                   ///< seconds since 1970
    std::uint32_t to = 0;
    std::uint32_t limit = 0;
    Bytes cursor = {};
    Bloom bloom = {};
};
Result<MailRequest> decode_mail_request(BytesView payload);

/// Code 125, one byte string: id [last hash [cursor]], or "ERROR=" id text.
struct MailComplete {
    Hash id{};
    std::optional<Hash> last = {};
    Bytes cursor = {};
    std::optional<std::string> error = {};
};
Bytes encode_mail_complete(const MailComplete& complete);
Result<MailComplete> decode_mail_complete(BytesView payload);

/// Code 123: [lower, upper, bloom, limit, cursor], from one server to another.
struct MailSyncRequest {
    std::uint32_t lower = 0;  ///< seconds since 1970, at most `upper`
    std::uint32_t upper = 0;
    Bloom bloom = {};
    std::uint32_t limit = 0;  ///< 1 to 1,000
    Bytes cursor = {};
};
Result<MailSyncRequest> decode_mail_sync_request(BytesView payload);

/// Code 124: [[envelope, …], cursor, final, error].
struct MailSyncResponse {
    std::vector<BytesView> envelopes = {};  ///< each one RLP list, its inside not checked yet; views into the payload
    Bytes cursor = {};
    bool last = false;
    std::string error = {};
};
Bytes encode_mail_sync_response(const MailSyncResponse& response);
Result<MailSyncResponse> decode_mail_sync_response(BytesView payload);

}  // namespace sotto::whisper
