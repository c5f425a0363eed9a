// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "whisper/packets.hpp"

#include <bit>
#include <cmath>

#include "codec/rlp.hpp"

namespace sotto::whisper {
namespace {

constexpr std::uint64_t kResponseVersion = 1;
constexpr std::size_t kMaxDescription = 256;

Result<double> checked_pow(std::uint64_t bits) {
    const auto pow = std::bit_cast<double>(bits);
    if (!std::isfinite(pow) || pow < 0) return fail(Errc::malformed, "PoW requirement is no positive number");
    return pow;
}

Result<Bloom> checked_bloom(BytesView bytes) {
    if (bytes.size() != Bloom::kSize) return fail(Errc::malformed, "bloom filter of another size");
    return Bloom(first_bytes<Bloom::kSize>(bytes));
}

void write_rates(rlp::Writer& writer, const PacketRates& rates) {
    const auto list = writer.begin_list();
    writer.uint(rates.per_address).uint(rates.per_peer).uint(rates.per_topic);
    writer.end_list(list);
}

Result<PacketRates> read_rates(rlp::Reader fields) {
    PacketRates rates;
    SOTTO_TRY(rates.per_address, fields.uint());
    SOTTO_TRY(rates.per_peer, fields.uint());
    SOTTO_TRY(rates.per_topic, fields.uint());
    return rates;
}

/// The one item that fills a payload.
Result<BytesView> single_string(BytesView payload) {
    rlp::Reader items(payload);
    SOTTO_TRY(const auto bytes, items.string());
    SOTTO_CHECK(items.expect_end());
    return bytes;
}

}  // namespace

Bytes encode_status(const Status& status) {
    Bytes out;
    rlp::Writer writer(out);
    const auto list = writer.begin_list();
    writer.uint(kVersion).uint(std::bit_cast<std::uint64_t>(status.min_pow));
    writer.string(status.bloom.is_full() ? BytesView() : BytesView(status.bloom.bits()));
    writer.boolean(status.light).boolean(status.confirmations);
    if (status.rates) write_rates(writer, *status.rates);
    writer.end_list(list);
    return out;
}

Result<Status> decode_status(BytesView payload) {
    SOTTO_TRY(auto fields, rlp::decode_list(payload));
    SOTTO_TRY(const auto version, fields.uint());
    if (version != kVersion) return fail(Errc::unsupported, "Whisper version " + std::to_string(version));
    Status status;
    if (fields.empty()) return status;
    SOTTO_TRY(const auto pow_bits, fields.uint());
    SOTTO_TRY(status.min_pow, checked_pow(pow_bits));
    if (fields.empty()) return status;
    SOTTO_TRY(const auto bloom, fields.string());
    if (!bloom.empty()) {
        SOTTO_TRY(status.bloom, checked_bloom(bloom));
    }
    if (fields.empty()) return status;
    SOTTO_TRY(status.light, fields.boolean());
    // A branch of Status had a list of rate limits in this place.
    if (fields.empty() || fields.next_is_list()) return status;
    SOTTO_TRY(status.confirmations, fields.boolean());
    if (!fields.next_is_list()) return status;
    // Waku and others may put something else there.
    if (const auto list = fields.list()) {
        if (const auto rates = read_rates(*list)) status.rates = *rates;
    }
    return status;
}

Bytes encode_pow_requirement(double pow) {
    return rlp::encode_uint(std::bit_cast<std::uint64_t>(pow));
}

Result<double> decode_pow_requirement(BytesView payload) {
    rlp::Reader items(payload);
    SOTTO_TRY(const auto bits, items.uint());
    SOTTO_CHECK(items.expect_end());
    return checked_pow(bits);
}

Bytes encode_bloom(const Bloom& bloom) {
    return rlp::encode_string(bloom.bits());
}

Result<Bloom> decode_bloom(BytesView payload) {
    SOTTO_TRY(const auto bytes, single_string(payload));
    return checked_bloom(bytes);
}

std::uint64_t PacketRates::strictest() const noexcept {
    if (per_address == 0 || per_peer == 0) return std::max(per_address, per_peer);
    return std::min(per_address, per_peer);
}

Bytes encode_rates(const PacketRates& rates) {
    Bytes out;
    rlp::Writer writer(out);
    write_rates(writer, rates);
    return out;
}

Result<PacketRates> decode_rates(BytesView payload) {
    SOTTO_TRY(auto fields, rlp::decode_list(payload));
    return read_rates(fields);
}

Bytes encode_batch_ack(const Hash& batch) {
    return rlp::encode_string(batch);
}

Result<Hash> decode_batch_ack(BytesView payload) {
    SOTTO_TRY(const auto bytes, single_string(payload));
    if (bytes.size() != 32) return fail(Errc::malformed, "batch hash of another size");
    return first_bytes<32>(bytes);
}

Bytes encode_batch_response(const BatchResponse& response) {
    Bytes out;
    rlp::Writer writer(out);
    const auto whole = writer.begin_list();
    writer.uint(kResponseVersion);
    const auto body = writer.begin_list();
    writer.string(BytesView(response.batch));
    const auto errors = writer.begin_list();
    for (const auto& error : response.errors) {
        const auto mark = writer.begin_list();
        writer.string(BytesView(error.hash)).uint(error.code).string(error.description).end_list(mark);
    }
    writer.end_list(errors).end_list(body).end_list(whole);
    return out;
}

Result<std::optional<BatchResponse>> decode_batch_response(BytesView payload) {
    SOTTO_TRY(auto versioned, rlp::decode_list(payload));
    SOTTO_TRY(const auto version, versioned.uint());
    if (version != kResponseVersion) return std::nullopt;
    SOTTO_TRY(auto body, versioned.list());
    BatchResponse response;
    SOTTO_TRY(response.batch, body.fixed<32>());
    SOTTO_TRY(auto errors, body.list());
    while (!errors.empty()) {
        SOTTO_TRY(auto fields, errors.list());
        EnvelopeError error;
        SOTTO_TRY(error.hash, fields.fixed<32>());
        SOTTO_TRY(error.code, fields.uint());
        SOTTO_TRY(const auto description, fields.string());
        error.description = text_of(description.first(std::min(description.size(), kMaxDescription)));
        response.errors.push_back(std::move(error));
    }
    return response;
}

Result<std::vector<BytesView>> split_envelopes(BytesView payload, bool or_single) {
    SOTTO_TRY(auto items, rlp::decode_list(payload));
    if (or_single && !items.empty() && !items.next_is_list()) return std::vector{payload};
    std::vector<BytesView> envelopes;
    while (!items.empty()) {
        SOTTO_TRY(const auto item, items.raw());
        if (item.size() < kSmallestEnvelope) return fail(Errc::malformed, "item too small for an envelope");
        envelopes.push_back(item);
    }
    return envelopes;
}

}  // namespace sotto::whisper
