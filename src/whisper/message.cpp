// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "whisper/message.hpp"

#include "crypto/cipher.hpp"
#include "crypto/ecies.hpp"
#include "crypto/hash.hpp"

namespace sotto::whisper {
namespace {

constexpr Byte kSizeMask = 0x03;
constexpr Byte kSignedFlag = 0x04;
constexpr std::size_t kSignatureSize = 65;
constexpr std::size_t kPaddedTo = 256;
constexpr std::size_t kMaxPayload = (std::size_t{1} << 24) - 1;
constexpr std::size_t kGcmNonceSize = 12;
constexpr std::size_t kGcmTagSize = 16;

std::size_t size_field_length(std::size_t payload_size) noexcept {
    return payload_size < 0x100 ? 1 : payload_size < 0x10000 ? 2 : 3;
}

Result<Point> recover_source(BytesView signed_part, BytesView signature) {
    auto normal = first_bytes<kSignatureSize>(signature);
    if (normal.back() == 27 || normal.back() == 28) normal.back() = static_cast<Byte>(normal.back() - 27);
    return crypto::secp256k1::recover(normal, crypto::keccak256(signed_part));
}

}  // namespace

Result<Bytes> encode_plaintext(BytesView payload, BytesView padding, const Secret* signer, RandomSource& random) {
    if (payload.size() > kMaxPayload) return fail(Errc::too_large, "payload of 16 MiB or more");
    const auto length = size_field_length(payload.size());
    const std::size_t signature_size = signer ? kSignatureSize : 0;
    const auto content = 1 + length + payload.size() + signature_size;
    const auto padding_size = padding.empty() ? kPaddedTo - content % kPaddedTo : padding.size();

    Bytes plain;
    plain.reserve(content + padding_size);
    plain.push_back(static_cast<Byte>(length | (signer ? kSignedFlag : 0u)));
    for (std::size_t i = 0; i < length; ++i) plain.push_back(static_cast<Byte>(payload.size() >> (8 * i)));
    append(plain, payload);
    append(plain, padding);
    if (padding.empty()) append(plain, random.bytes(padding_size));
    if (signer) append(plain, crypto::secp256k1::sign_recoverable(*signer, crypto::keccak256(plain)));
    return plain;
}

Result<Plaintext> decode_plaintext(BytesView plain) {
    if (plain.empty()) return fail(Errc::malformed, "empty message");
    Plaintext out;
    const Byte flags = plain[0];
    if ((flags & kSignedFlag) != 0) {
        if (plain.size() < 1 + kSignatureSize) return fail(Errc::malformed, "message shorter than its signature");
        const auto signed_part = plain.first(plain.size() - kSignatureSize);
        SOTTO_TRY(out.source, recover_source(signed_part, plain.last(kSignatureSize)));
        plain = signed_part;
    }
    const std::size_t length = flags & kSizeMask;
    auto rest = plain.subspan(1);
    if (rest.size() < length) return fail(Errc::malformed, "message ends inside its size");
    std::size_t payload_size = 0;
    for (std::size_t i = 0; i < length; ++i) payload_size |= std::size_t{rest[i]} << (8 * i);
    rest = rest.subspan(length);
    if (payload_size > rest.size()) return fail(Errc::malformed, "payload longer than the message");
    out.payload = to_bytes(rest.first(payload_size));
    out.padding = to_bytes(rest.subspan(payload_size));
    return out;
}

Bytes seal_symmetric(const SymmetricKey& key, BytesView plain, RandomSource& random) {
    const auto nonce = random.array<kGcmNonceSize>();
    Bytes sealed = crypto::aes256_gcm_seal(key, nonce, plain);
    append(sealed, nonce);
    return sealed;
}

Result<Bytes> open_symmetric(const SymmetricKey& key, BytesView sealed) {
    if (sealed.size() < kGcmTagSize + kGcmNonceSize) return fail(Errc::malformed, "shorter than tag and nonce");
    const auto split = sealed.size() - kGcmNonceSize;
    return crypto::aes256_gcm_open(key, sealed.subspan(split), sealed.first(split));
}

Result<Bytes> seal_asymmetric(const Point& to, BytesView plain, RandomSource& random) {
    Secret ephemeral = random_secret(random);
    auto sealed = crypto::ecies::encrypt(to, plain, {}, ephemeral, random.array<16>());
    crypto::wipe(ephemeral);
    return sealed;
}

Result<Bytes> open_asymmetric(const Secret& secret, BytesView sealed) {
    return crypto::ecies::decrypt(secret, sealed, {});
}

Secret random_secret(RandomSource& random) {
    for (;;) {
        const auto secret = random.array<32>();
        if (crypto::secp256k1::valid_secret(secret)) return secret;
    }
}

}  // namespace sotto::whisper
