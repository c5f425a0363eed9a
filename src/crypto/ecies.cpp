// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "crypto/ecies.hpp"

#include <algorithm>

#include "crypto/cipher.hpp"
#include "crypto/hash.hpp"

namespace sotto::crypto::ecies {
namespace {

constexpr std::size_t kPointSize = 65;
constexpr std::size_t kIvSize = 16;
constexpr std::size_t kTagSize = 32;

struct Keys {
    ByteArray<16> encryption{};
    Hash256 mac{};

    Keys() = default;
    Keys(const Keys&) = default;
    Keys& operator=(const Keys&) = default;
    ~Keys() {
        wipe(encryption);
        wipe(mac);
    }
};

Result<Keys> agree(const secp256k1::Secret& secret, const secp256k1::Point& point) {
    SOTTO_TRY(auto shared, secp256k1::ecdh(secret, point));
    // NIST SP 800-56 concatenation KDF: one block is enough for both keys.
    constexpr ByteArray<4> kCounter{0, 0, 0, 1};
    const BytesView parts[] = {kCounter, shared};
    auto block = sha256(Buffers(parts));
    Keys keys;
    keys.encryption = first_bytes<16>(block);
    keys.mac = sha256(BytesView(block).subspan(16));
    wipe(shared);
    wipe(block);
    return keys;
}

Hash256 tag_of(const Keys& keys, BytesView iv_and_ciphertext, BytesView shared_mac_data) {
    const BytesView parts[] = {iv_and_ciphertext, shared_mac_data};
    return hmac_sha256(keys.mac, Buffers(parts));
}

}  // namespace

Result<Bytes> encrypt(const secp256k1::Point& to,
                      BytesView plain,
                      BytesView shared_mac_data,
                      const secp256k1::Secret& ephemeral,
                      const ByteArray<16>& iv) {
    if (!secp256k1::valid_secret(ephemeral)) return fail(Errc::invalid_argument, "an invalid ephemeral secret");
    SOTTO_TRY(const auto keys, agree(ephemeral, to));
    Bytes out(kOverhead + plain.size());
    std::ranges::copy(secp256k1::uncompressed(secp256k1::public_key(ephemeral)), out.begin());
    const auto body = BytesSpan(out).subspan(kPointSize, kIvSize + plain.size());
    std::ranges::copy(iv, body.begin());
    AesCtr(keys.encryption, iv).apply(plain, body.subspan(kIvSize));
    std::ranges::copy(tag_of(keys, body, shared_mac_data), out.end() - kTagSize);
    return out;
}

Result<Bytes> decrypt(const secp256k1::Secret& secret, BytesView sealed, BytesView shared_mac_data) {
    // One answer to everything: a sender must not learn at which step its bytes failed.
    const auto refused = [] { return fail(Errc::unauthentic, "ECIES message does not open"); };
    if (sealed.size() < kOverhead) return refused();
    const auto point = secp256k1::parse_point(sealed.first(kPointSize));
    if (!point) return refused();
    const auto keys = agree(secret, *point);
    if (!keys) return refused();
    const auto body = sealed.subspan(kPointSize, sealed.size() - kPointSize - kTagSize);
    if (!equal_constant_time(tag_of(*keys, body, shared_mac_data), sealed.last(kTagSize))) return refused();
    const auto ciphertext = body.subspan(kIvSize);
    Bytes plain(ciphertext.size());
    AesCtr(keys->encryption, body.first(kIvSize)).apply(ciphertext, plain);
    return plain;
}

}  // namespace sotto::crypto::ecies
