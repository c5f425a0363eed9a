// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "crypto/ed25519.hpp"
#include "crypto/hash.hpp"
#include "crypto/key_message.hpp"
#include "crypto/keys.hpp"
#include "crypto/secp256k1.hpp"

namespace sotto::crypto {
namespace {

constexpr std::size_t kSecretSize = 32;

/// seed || public, or the old seed || public || public: every copy must be the seed's own key.
bool repeats_public_key(BytesView copies, BytesView key) {
    for (; !copies.empty(); copies = copies.subspan(kSecretSize)) {
        if (!equal(copies.first(kSecretSize), key)) return false;
    }
    return true;
}

}  // namespace

PrivateKey::PrivateKey(KeyType type, ByteArray<32> secret, PublicKey key)
    : type_(type), secret_(secret), public_key_(std::move(key)) {
    wipe(secret);
}

PrivateKey::~PrivateKey() {
    wipe(secret_);
}

Result<PrivateKey> PrivateKey::make(KeyType type, BytesView secret32) {
    if (type != KeyType::secp256k1 && type != KeyType::ed25519) {
        return fail(Errc::unsupported, "our keys are secp256k1 or Ed25519");
    }
    if (secret32.size() != kSecretSize || (type == KeyType::secp256k1 && !secp256k1::valid_secret(secret32))) {
        return fail(Errc::invalid_argument, "not a private key");
    }
    PrivateKey key(type, first_bytes<kSecretSize>(secret32), {});
    if (type == KeyType::secp256k1) {
        key.public_key_ = PublicKey::from_secp256k1(secp256k1::public_key(key.secret_));
    } else {
        key.public_key_ = {.type = type, .data = to_bytes(ed25519::public_key(key.secret_))};
    }
    return key;
}

Result<PrivateKey> PrivateKey::decode(BytesView protobuf) {
    SOTTO_TRY(const auto message, decode_key_message(protobuf));
    const auto size = message.data.size();
    if (message.type != KeyType::ed25519) return make(message.type, message.data);
    if (size != 2 * kSecretSize && size != 3 * kSecretSize) {
        return fail(Errc::invalid_argument, "an Ed25519 private key has 64 bytes");
    }
    SOTTO_TRY(auto key, make(KeyType::ed25519, message.data.first(kSecretSize)));
    if (!repeats_public_key(message.data.subspan(kSecretSize), key.public_key_.data)) {
        return fail(Errc::invalid_argument, "the halves of the private key do not belong together");
    }
    return key;
}

Bytes PrivateKey::encode() const {
    if (type_ == KeyType::secp256k1) return encode_key_message(type_, secret_);
    ByteArray<2 * kSecretSize> both;
    std::memcpy(both.data(), secret_.data(), kSecretSize);
    std::memcpy(both.data() + kSecretSize, public_key_.data.data(), kSecretSize);
    auto encoded = encode_key_message(type_, both);
    wipe(both);
    return encoded;
}

Bytes PrivateKey::sign(BytesView message) const {
    if (type_ == KeyType::secp256k1) return secp256k1::sign_der(secret_, sha256(message));
    return to_bytes(ed25519::sign(secret_, first_bytes<32>(public_key_.data), message));
}

}  // namespace sotto::crypto
