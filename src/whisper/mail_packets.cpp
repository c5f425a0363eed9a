// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "whisper/mail_packets.hpp"

#include <algorithm>
#include <limits>

#include "codec/rlp.hpp"

namespace sotto::whisper {
namespace {

constexpr std::string_view kErrorMark = "ERROR=";
constexpr std::uint64_t kMaxSyncLimit = 1'000;
constexpr std::uint64_t kMaxU32 = std::numeric_limits<std::uint32_t>::max();

Result<std::uint32_t> read_u32(rlp::Reader& fields) {
    SOTTO_TRY(const auto value, fields.uint(kMaxU32));
    return static_cast<std::uint32_t>(value);
}

Result<Bytes> read_cursor(rlp::Reader& fields) {
    SOTTO_TRY(const auto cursor, fields.string());
    if (cursor.size() > kMaxCursor) return fail(Errc::malformed, "mail cursor too long");
    return to_bytes(cursor);
}

/// Empty means everything.
Result<Bloom> read_bloom(rlp::Reader& fields) {
    SOTTO_TRY(const auto bits, fields.string());
    if (bits.empty()) return Bloom::full();
    if (bits.size() != Bloom::kSize) return fail(Errc::malformed, "bloom filter of another size");
    return Bloom(first_bytes<Bloom::kSize>(bits));
}

std::string cut_text(BytesView text) {
    return std::string(text_of(text.first(std::min(text.size(), kMaxMailError))));
}

Result<MailRequest> read_clear_request(rlp::Reader fields) {
    MailRequest request;
    SOTTO_TRY(request.id, fields.fixed<32>());
    SOTTO_TRY(request.from, read_u32(fields));
    SOTTO_TRY(request.to, read_u32(fields));
    SOTTO_TRY(request.limit, read_u32(fields));
    SOTTO_TRY(request.cursor, read_cursor(fields));
    SOTTO_TRY(request.bloom, read_bloom(fields));
    SOTTO_CHECK(fields.expect_end());
    return request;
}

}  // namespace

Result<MailRequest> decode_mail_request(BytesView payload) {
    if (auto envelope = decode_envelope(payload)) {
        MailRequest request;
        request.id = crypto::keccak256(payload);
        request.sealed = *envelope;
        return request;
    }
    SOTTO_TRY(const auto fields, rlp::decode_list(payload));
    return read_clear_request(fields);
}

Bytes encode_mail_complete(const MailComplete& complete) {
    Bytes value;
    if (complete.error) append(value, view_of(kErrorMark));
    append(value, complete.id);
    if (complete.error) {
        append(value, view_of(*complete.error));
    } else if (complete.last) {
        append(value, *complete.last);
        append(value, complete.cursor);
    }
    return rlp::encode_string(value);
}

Result<MailComplete> decode_mail_complete(BytesView payload) {
    rlp::Reader items(payload);
    SOTTO_TRY(auto value, items.string());
    SOTTO_CHECK(items.expect_end());
    const bool failed = text_of(value).starts_with(kErrorMark);
    if (failed) value = value.subspan(kErrorMark.size());
    MailComplete complete;
    if (value.size() < complete.id.size()) return fail(Errc::malformed, "mail answer without a request id");
    complete.id = first_bytes<32>(value);
    value = value.subspan(32);
    if (failed) {
        complete.error = cut_text(value);
        return complete;
    }
    if (value.empty()) return complete;
    if (value.size() < 32 || value.size() > 32 + kMaxCursor)
        return fail(Errc::malformed, "mail answer of another size");
    complete.last = first_bytes<32>(value);
    complete.cursor = to_bytes(value.subspan(32));
    return complete;
}

Result<MailSyncRequest> decode_mail_sync_request(BytesView payload) {
    SOTTO_TRY(auto fields, rlp::decode_list(payload));
    MailSyncRequest request;
    SOTTO_TRY(request.lower, read_u32(fields));
    SOTTO_TRY(request.upper, read_u32(fields));
    SOTTO_TRY(request.bloom, read_bloom(fields));
    SOTTO_TRY(const auto limit, fields.uint(kMaxSyncLimit));
    request.limit = static_cast<std::uint32_t>(limit);
    SOTTO_TRY(request.cursor, read_cursor(fields));
    if (request.lower > request.upper || request.limit == 0) return fail(Errc::malformed, "mail sync of nothing");
    return request;
}

Bytes encode_mail_sync_response(const MailSyncResponse& response) {
    Bytes out;
    rlp::Writer writer(out);
    const auto whole = writer.begin_list();
    const auto envelopes = writer.begin_list();
    for (const auto& envelope : response.envelopes) writer.raw(envelope);
    writer.end_list(envelopes);
    writer.string(BytesView(response.cursor)).boolean(response.last).string(response.error).end_list(whole);
    return out;
}

Result<MailSyncResponse> decode_mail_sync_response(BytesView payload) {
    SOTTO_TRY(auto fields, rlp::decode_list(payload));
    MailSyncResponse response;
    SOTTO_TRY(auto envelopes, fields.list());
    while (!envelopes.empty()) {
        SOTTO_TRY(const auto envelope, envelopes.raw());
        if (envelope.size() < kSmallestEnvelope) return fail(Errc::malformed, "item too small for an envelope");
        response.envelopes.push_back(envelope);
    }
    SOTTO_TRY(response.cursor, read_cursor(fields));
    SOTTO_TRY(response.last, fields.boolean());
    SOTTO_TRY(const auto error, fields.string());
    response.error = cut_text(error);
    return response;
}

}  // namespace sotto::whisper
