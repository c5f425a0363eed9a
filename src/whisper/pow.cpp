// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "whisper/pow.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "codec/rlp.hpp"

namespace sotto::whisper {
namespace {

constexpr std::size_t kLegacyHeaderEstimate = 20;

/// Length of the RLP list of the items before the nonce.
std::size_t short_size(std::size_t body_size) noexcept {
    return rlp::header_size(body_size) + body_size;
}

crypto::Keccak256 hash_short(BytesView body) noexcept {
    Bytes header;
    rlp::append_header(header, true, body.size());
    crypto::Keccak256 hasher;
    hasher.update(header).update(body);
    return hasher;
}

}  // namespace

Result<PowRule> parse_pow_rule(std::string_view name) {
    for (const auto rule : {PowRule::eip627, PowRule::legacy, PowRule::both}) {
        if (name == to_string(rule)) return rule;
    }
    return fail(Errc::invalid_argument, "the PoW rule is eip627, legacy or both");
}

std::string_view to_string(PowRule rule) noexcept {
    switch (rule) {
        case PowRule::eip627:
            return "eip627";
        case PowRule::legacy:
            return "legacy";
        case PowRule::both:
            return "both";
    }
    return "";
}

double pow_value(unsigned zero_bits, std::uint64_t size, std::uint64_t ttl) noexcept {
    if (size == 0 || ttl == 0) return 0;
    return std::ldexp(1.0, static_cast<int>(zero_bits)) / static_cast<double>(size) / static_cast<double>(ttl);
}

namespace {
unsigned zeros_eip627(const EnvelopeView& envelope) noexcept {
    ByteArray<8> nonce;
    store_be(envelope.nonce, nonce);
    return leading_zero_bits(hash_short(envelope.body).update(nonce).digest());
}
}  // namespace

double pow_eip627(const EnvelopeView& envelope) noexcept {
    return pow_value(zeros_eip627(envelope), short_size(envelope.body.size()), envelope.ttl);
}

double pow_legacy(const EnvelopeView& envelope, std::uint64_t extra_ttl) noexcept {
    ByteArray<64> block{};
    const Hash inner = hash_short(envelope.body).digest();
    std::ranges::copy(inner, block.begin());
    store_be(envelope.nonce, BytesSpan(block).last(8));
    const auto zeros = trailing_zero_bits(crypto::keccak256(BytesView(block)));
    return pow_value(zeros, kLegacyHeaderEstimate + envelope.data.size(), envelope.ttl + extra_ttl);
}

Work measure_work(const EnvelopeView& envelope, PowRule rule, std::uint64_t extra_ttl, double enough) noexcept {
    const auto zeros = zeros_eip627(envelope);
    const auto size = short_size(envelope.body.size());
    Work work{pow_value(zeros, size, envelope.ttl), pow_value(zeros, size, envelope.ttl + extra_ttl)};
    if (rule == PowRule::legacy) work.accepted = pow_legacy(envelope, extra_ttl);
    if (rule == PowRule::both && work.accepted < enough) {
        work.accepted = std::max(work.accepted, pow_legacy(envelope, extra_ttl));
    }
    return work;
}

unsigned target_bits(double pow, std::size_t body_size, std::size_t data_size, std::uint32_t ttl) noexcept {
    constexpr std::size_t kLongestNonce = 9;
    const auto size = std::max(short_size(body_size + kLongestNonce), kLegacyHeaderEstimate + data_size);
    const double bits = std::ceil(std::log2(pow * static_cast<double>(size) * static_cast<double>(ttl)));
    return static_cast<unsigned>(std::clamp(bits, 1.0, 1024.0));
}

unsigned leading_zero_bits(const Hash& digest) noexcept {
    unsigned zeros = 0;
    for (std::size_t i = 0; i < digest.size(); i += 8) {
        const auto word = load_be<std::uint64_t>(BytesView(digest).subspan(i, 8));
        zeros += static_cast<unsigned>(std::countl_zero(word));
        if (word != 0) break;
    }
    return zeros;
}

unsigned trailing_zero_bits(const Hash& digest) noexcept {
    unsigned zeros = 0;
    for (std::size_t i = digest.size(); i > 0; i -= 8) {
        const auto word = load_be<std::uint64_t>(BytesView(digest).subspan(i - 8, 8));
        zeros += static_cast<unsigned>(std::countr_zero(word));
        if (word != 0) break;
    }
    return zeros;
}

}  // namespace sotto::whisper
