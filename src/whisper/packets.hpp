// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "net/message_stream.hpp"
#include "whisper/bloom.hpp"
#include "whisper/envelope.hpp"

/// The messages of shh/6 (EIP-627 and what Status added). All codes that are not named here are ignored.
namespace sotto::whisper {

namespace code {
inline constexpr net::Code kStatus = 0;
inline constexpr net::Code kMessages = 1;        ///< list of envelopes
inline constexpr net::Code kPowRequirement = 2;  ///< IEEE 754 bits of a double, as an integer
inline constexpr net::Code kBloom = 3;           ///< 64 bytes
inline constexpr net::Code kBatchAck = 11;       ///< keccak256 of the payload of a code 1
inline constexpr net::Code kBatchResponse = 12;
inline constexpr net::Code kRateLimits = 20;
inline constexpr net::Code kMailSyncRequest = 123;  ///< 123 to 126: mail_packets.hpp
inline constexpr net::Code kMailSyncResponse = 124;
inline constexpr net::Code kMailComplete = 125;
inline constexpr net::Code kMailRequest = 126;
inline constexpr net::Code kDirect = 127;  ///< one envelope or a list of them, from a trusted peer
}  // namespace code

inline constexpr std::uint64_t kVersion = 6;

/// What a node takes, in packets a second; 0: no limit. A list of three integers.
struct PacketRates {
    std::uint64_t per_address = 0;
    std::uint64_t per_peer = 0;
    std::uint64_t per_topic = 0;  ///< nobody has used it yet
    /// The smaller of the two that one peer is bound by; 0: none.
    std::uint64_t strictest() const noexcept;
    friend bool operator==(const PacketRates&, const PacketRates&) = default;
};

/// Code 0: [version, pow bits, bloom, light, confirmations, rates, …]. Only the version must be there; what follows the
/// fields that we know is ignored. Five are sent, six with rates.
struct Status {
    double min_pow = 0;
    Bloom bloom = Bloom::full();  ///< an empty string on the wire
    bool light = false;
    bool confirmations = false;
    std::optional<PacketRates> rates = {};
};
Bytes encode_status(const Status& status);
/// Errors: unsupported (another version), malformed (pow that is NaN, infinite or negative; bloom neither 0 nor 64
/// bytes).
Result<Status> decode_status(BytesView payload);

Bytes encode_pow_requirement(double pow);
/// Errors: malformed, also for NaN, infinite and negative.
Result<double> decode_pow_requirement(BytesView payload);
Bytes encode_bloom(const Bloom& bloom);
Result<Bloom> decode_bloom(BytesView payload);

/// Code 20. Extra fields are ignored.
Bytes encode_rates(const PacketRates& rates);
Result<PacketRates> decode_rates(BytesView payload);

Bytes encode_batch_ack(const Hash& batch);
Result<Hash> decode_batch_ack(BytesView payload);

/// Why a peer did not take one envelope of a batch.
struct EnvelopeError {
    Hash hash{};
    std::uint64_t code = 0;
    std::string description;
};
/// The numbers that Status's nodes put there, an accident of their source that became the wire. They differ by version
/// (1, 36 or 37 for the clock, 37 or 38 for the rest), and most of these nodes call every failure one of the clock: of
/// what a peer says we believe that it did not take the envelope, no more.
inline constexpr std::uint64_t kErrorTimeNotSynced = 36;
inline constexpr std::uint64_t kErrorOther = 37;

/// Code 12: [1, [batch, [[hash, code, description], …]]].
struct BatchResponse {
    Hash batch{};
    std::vector<EnvelopeError> errors;
};
Bytes encode_batch_response(const BatchResponse& response);
/// nullopt: of a version that we do not know. Descriptions are cut to 256 bytes.
Result<std::optional<BatchResponse>> decode_batch_response(BytesView payload);

/// The RLP items of a code 1 or 127: views into the payload, each one envelope whose inside is not checked yet. A
/// single envelope where `or_single`. Errors: malformed.
Result<std::vector<BytesView>> split_envelopes(BytesView payload, bool or_single);

}  // namespace sotto::whisper
