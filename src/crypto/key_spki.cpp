// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "crypto/key_spki.hpp"

#include <bit>

namespace sotto::crypto::spki {
namespace {

constexpr Byte kInteger = 0x02;
constexpr Byte kBitString = 0x03;
constexpr Byte kSequence = 0x30;
constexpr std::size_t kMinRsaBits = 2048;
constexpr std::size_t kMaxRsaBits = 8192;

/// SEQUENCE { OID rsaEncryption, NULL }.
constexpr ByteArray<15> kRsaAlgorithm{
    0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};
/// All before the point: SEQUENCE { SEQUENCE { OID id-ecPublicKey, OID prime256v1 }, BIT STRING without unused bits.
constexpr ByteArray<26> kP256Header{0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
                                    0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00};
constexpr std::size_t kPointSize = 65;

std::unexpected<Error> bad_rsa() {
    return fail(Errc::malformed, "not the SPKI of an RSA key");
}

/// Reads one element of at most 65,535 bytes; `in` is moved past it.
Result<BytesView> element(BytesView& in, Byte tag) {
    if (in.size() < 2 || in[0] != tag) return bad_rsa();
    std::size_t header = 2;
    std::size_t size = in[1];
    if (size >= 0x80) {
        const std::size_t length_bytes = size & 0x7f;
        if (length_bytes < 1 || length_bytes > 2 || in.size() < 2 + length_bytes) return bad_rsa();
        size = length_bytes == 1 ? in[2] : load_be<std::uint16_t>(in.subspan(2));
        if (size < (length_bytes == 1 ? 0x80U : 0x100U)) return bad_rsa();
        header += length_bytes;
    }
    if (in.size() - header < size) return bad_rsa();
    const auto content = in.subspan(header, size);
    in = in.subspan(header + size);
    return content;
}

/// The magnitude of a positive INTEGER in minimal form.
Result<BytesView> positive(BytesView& in) {
    SOTTO_TRY(BytesView content, element(in, kInteger));
    if (content.empty() || content[0] >= 0x80) return bad_rsa();
    if (content[0] != 0) return content;
    if (content.size() < 2 || content[1] < 0x80) return bad_rsa();
    return content.subspan(1);
}

std::size_t bit_size(BytesView magnitude) noexcept {
    return (magnitude.size() - 1) * 8 + static_cast<std::size_t>(std::bit_width(magnitude[0]));
}

Result<void> check(const RsaKey& key) {
    const auto bits = bit_size(key.modulus);
    if (bits < kMinRsaBits || bits > kMaxRsaBits) return fail(Errc::unsupported, "RSA key outside 2,048 to 8,192 bits");
    // A long exponent makes a verification as slow as a signature; crypto/rsa of Go has the same bound.
    if (bit_size(key.exponent) > 31) return fail(Errc::unsupported, "RSA exponent above 2^31");
    if ((key.modulus.back() & 1) == 0 || (key.exponent.back() & 1) == 0 || bit_size(key.exponent) < 2) return bad_rsa();
    return {};
}

}  // namespace

Result<RsaKey> parse_rsa(BytesView der) {
    SOTTO_TRY(BytesView info, element(der, kSequence));
    if (!der.empty() || info.size() < kRsaAlgorithm.size()) return bad_rsa();
    if (!equal(info.first(kRsaAlgorithm.size()), kRsaAlgorithm)) return bad_rsa();
    info = info.subspan(kRsaAlgorithm.size());
    SOTTO_TRY(BytesView bits, element(info, kBitString));
    if (!info.empty() || bits.empty() || bits[0] != 0) return bad_rsa();
    bits = bits.subspan(1);
    SOTTO_TRY(BytesView numbers, element(bits, kSequence));
    if (!bits.empty()) return bad_rsa();
    RsaKey key;
    SOTTO_TRY(key.modulus, positive(numbers));
    SOTTO_TRY(key.exponent, positive(numbers));
    if (!numbers.empty()) return bad_rsa();
    SOTTO_CHECK(check(key));
    return key;
}

Result<BytesView> parse_p256(BytesView der) {
    const bool fits = der.size() == kP256Header.size() + kPointSize &&
                      equal(der.first(kP256Header.size()), kP256Header) && der[kP256Header.size()] == 0x04;
    if (!fits) return fail(Errc::malformed, "not the SPKI of a P-256 key");
    return der.subspan(kP256Header.size());
}

}  // namespace sotto::crypto::spki
