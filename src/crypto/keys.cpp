// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "crypto/keys.hpp"

#include "crypto/ed25519.hpp"
#include "crypto/hash.hpp"
#include "crypto/key_message.hpp"
#include "crypto/key_spki.hpp"
#include "crypto/key_verify.hpp"
#include "crypto/secp256k1.hpp"

namespace sotto::crypto {
namespace {

constexpr std::size_t kMaxEncodedKey = 2048;

Result<void> check(const PublicKey& key) {
    switch (key.type) {
        case KeyType::rsa: {
            SOTTO_TRY([[maybe_unused]] const auto numbers, spki::parse_rsa(key.data));
            return {};
        }
        case KeyType::ed25519:
            return ed25519::check_public_key(key.data);
        case KeyType::secp256k1: {
            if (key.data.size() != 33) return fail(Errc::malformed, "a secp256k1 key has 33 bytes");
            SOTTO_TRY([[maybe_unused]] const auto point, secp256k1::parse_point(key.data));
            return {};
        }
        case KeyType::ecdsa:
            return check_ecdsa_key(key.data);
    }
    return fail(Errc::unsupported, "unknown key type");
}

}  // namespace

Bytes PublicKey::encode() const {
    return encode_key_message(type, data);
}

Result<PublicKey> PublicKey::decode(BytesView protobuf) {
    if (protobuf.size() > kMaxEncodedKey) return fail(Errc::too_large, "public key above 2,048 bytes");
    SOTTO_TRY(const auto message, decode_key_message(protobuf));
    PublicKey key{.type = message.type, .data = to_bytes(message.data)};
    SOTTO_CHECK(check(key));
    return key;
}

PublicKey PublicKey::from_secp256k1(BytesView point64) {
    return {.type = KeyType::secp256k1, .data = to_bytes(secp256k1::compress(first_bytes<64>(point64)))};
}

Result<ByteArray<64>> PublicKey::node_id() const {
    if (type != KeyType::secp256k1) return fail(Errc::unsupported, "only a secp256k1 key is a node id");
    return secp256k1::parse_point(data);
}

bool PublicKey::verify(BytesView message, BytesView signature) const {
    switch (type) {
        case KeyType::rsa:
            return verify_rsa(data, message, signature);
        case KeyType::ed25519:
            return ed25519::verify(data, message, signature);
        case KeyType::secp256k1: {
            const auto point = secp256k1::parse_point(data);
            return point && secp256k1::verify_der(*point, sha256(message), signature);
        }
        case KeyType::ecdsa:
            return verify_ecdsa(data, message, signature);
    }
    return false;
}

}  // namespace sotto::crypto
