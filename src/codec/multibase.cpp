// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "codec/multibase.hpp"

#include <algorithm>
#include <array>

namespace sotto::multibase {
namespace {

constexpr std::size_t kMaxText = 4096;

struct Alphabet {
    char prefix;
    std::string_view digits;
    unsigned bits;  ///< per digit; 0: the base is no power of two
};

constexpr std::string_view kBase16 = "0123456789abcdef";
constexpr std::string_view kBase32 = "abcdefghijklmnopqrstuvwxyz234567";
constexpr std::string_view kBase36 = "0123456789abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kBase58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kBase64Url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// In the order of Base.
constexpr std::array<Alphabet, 6> kAlphabets{{{'f', kBase16, 4},
                                              {'b', kBase32, 5},
                                              {'k', kBase36, 0},
                                              {'z', kBase58, 0},
                                              {'m', kBase64, 6},
                                              {'u', kBase64Url, 6}}};

const Alphabet& alphabet_of(Base base) noexcept {
    return kAlphabets[static_cast<std::size_t>(base)];
}

std::string encode_bits(const Alphabet& alphabet, BytesView bytes) {
    std::string out;
    std::uint32_t buffer = 0;
    unsigned held = 0;
    for (const Byte b : bytes) {
        buffer = buffer << 8 | b;
        held += 8;
        while (held >= alphabet.bits) {
            held -= alphabet.bits;
            out.push_back(alphabet.digits[buffer >> held & ((1u << alphabet.bits) - 1)]);
        }
        buffer &= (1u << held) - 1;
    }
    if (held > 0) out.push_back(alphabet.digits[buffer << (alphabet.bits - held) & ((1u << alphabet.bits) - 1)]);
    return out;
}

Result<unsigned> digit_value(const Alphabet& alphabet, char c) {
    const auto at = alphabet.digits.find(c);
    if (at == std::string_view::npos) return fail(Errc::malformed, "not a digit of this base");
    return static_cast<unsigned>(at);
}

Result<Bytes> decode_bits(const Alphabet& alphabet, std::string_view text) {
    Bytes out;
    std::uint32_t buffer = 0;
    unsigned held = 0;
    for (const char c : text) {
        SOTTO_TRY(const auto value, digit_value(alphabet, c));
        buffer = buffer << alphabet.bits | value;
        held += alphabet.bits;
        if (held < 8) continue;
        held -= 8;
        out.push_back(static_cast<Byte>(buffer >> held));
        buffer &= (1u << held) - 1;
    }
    // What is left must be padding: fewer bits than a digit, all zero.
    if (held >= alphabet.bits || buffer != 0) return fail(Errc::malformed, "text of an impossible length or padding");
    return out;
}

/// As many digits of a base as 32 bits hold.
struct Limb {
    std::uint64_t size = 1;  ///< base to the power of `digits`
    unsigned digits = 0;
};
consteval Limb limb_of(unsigned base) {
    Limb limb;
    for (; limb.size * base <= std::uint64_t{1} << 32; ++limb.digits) limb.size *= base;
    return limb;
}

/// Big number from one base to another, both big-endian; leading zeros are kept one for one. The bases are constants
/// and the work is done by limbs, since a division a digit made the name of a peer the dearest part of a connection.
template <unsigned kFrom, unsigned kTo>
Bytes convert(std::span<const Byte> digits) {
    constexpr auto kLimb = limb_of(kTo);
    const auto first = std::ranges::find_if(digits, [](Byte d) { return d != 0; });
    const auto zeros = static_cast<std::size_t>(first - digits.begin());
    std::vector<std::uint32_t> limbs;  // the lowest first
    for (auto it = first; it != digits.end(); ++it) {
        std::uint64_t carry = *it;
        for (auto& limb : limbs) {
            carry += std::uint64_t{limb} * kFrom;
            limb = static_cast<std::uint32_t>(carry % kLimb.size);
            carry /= kLimb.size;
        }
        if (carry > 0) limbs.push_back(static_cast<std::uint32_t>(carry));
    }
    Bytes out;
    out.reserve(limbs.size() * kLimb.digits + zeros);
    for (auto limb : limbs) {
        for (unsigned i = 0; i < kLimb.digits; ++i, limb /= kTo) out.push_back(static_cast<Byte>(limb % kTo));
    }
    while (!out.empty() && out.back() == 0) out.pop_back();
    out.insert(out.end(), zeros, 0);
    std::ranges::reverse(out);
    return out;
}

template <unsigned kBase>
std::string encode_number(const Alphabet& alphabet, BytesView bytes) {
    std::string out;
    for (const Byte digit : convert<256, kBase>(bytes)) out.push_back(alphabet.digits[digit]);
    return out;
}

}  // namespace

std::string encode_bare(Base base, BytesView bytes) {
    const auto& alphabet = alphabet_of(base);
    if (alphabet.bits > 0) return encode_bits(alphabet, bytes);
    return base == Base::base58btc ? encode_number<58>(alphabet, bytes) : encode_number<36>(alphabet, bytes);
}

Result<Bytes> decode_bare(Base base, std::string_view text) {
    if (text.size() > kMaxText) return fail(Errc::too_large, "text too long");
    const auto& alphabet = alphabet_of(base);
    if (alphabet.bits > 0) return decode_bits(alphabet, text);
    Bytes digits;
    for (const char c : text) {
        SOTTO_TRY(const auto value, digit_value(alphabet, c));
        digits.push_back(static_cast<Byte>(value));
    }
    return base == Base::base58btc ? convert<58, 256>(digits) : convert<36, 256>(digits);
}

std::string encode(Base base, BytesView bytes) {
    return alphabet_of(base).prefix + encode_bare(base, bytes);
}

Result<Bytes> decode(std::string_view text) {
    if (text.empty()) return fail(Errc::malformed, "empty multibase text");
    for (std::size_t i = 0; i < kAlphabets.size(); ++i) {
        if (kAlphabets[i].prefix == text[0]) return decode_bare(static_cast<Base>(i), text.substr(1));
    }
    return fail(Errc::malformed, "unknown multibase prefix");
}

}  // namespace sotto::multibase
