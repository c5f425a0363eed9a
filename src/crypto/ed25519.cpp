// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "crypto/ed25519.hpp"

#include <sodium.h>

#include <algorithm>

#include "crypto/hash.hpp"
#include "crypto/libraries.hpp"

namespace sotto::crypto::ed25519 {

Result<void> check_public_key(BytesView key) {
    libraries::prepare_sodium();
    // An addition fails off the curve, and costs a quarter of the library's check, which looks at the order too: verify
    // refuses the keys of low order.
    ByteArray<32> twice;
    if (key.size() != 32 || crypto_core_ed25519_add(twice.data(), key.data(), key.data()) != 0) {
        return fail(Errc::malformed, "not an Ed25519 key");
    }
    return {};
}

ByteArray<32> public_key(const ByteArray<32>& seed) noexcept {
    libraries::prepare_sodium();
    ByteArray<32> key;
    ByteArray<64> expanded;
    crypto_sign_seed_keypair(key.data(), expanded.data(), seed.data());
    wipe(expanded);
    return key;
}

ByteArray<64> sign(const ByteArray<32>& seed, const ByteArray<32>& public_key, BytesView message) noexcept {
    libraries::prepare_sodium();
    ByteArray<64> secret;
    std::ranges::copy(seed, secret.begin());
    std::ranges::copy(public_key, secret.begin() + 32);
    ByteArray<64> signature;
    crypto_sign_detached(signature.data(), nullptr, message.data(), message.size(), secret.data());
    wipe(secret);
    return signature;
}

bool verify(BytesView public_key, BytesView message, BytesView signature) noexcept {
    libraries::prepare_sodium();
    return public_key.size() == 32 && signature.size() == 64 &&
           crypto_sign_verify_detached(signature.data(), message.data(), message.size(), public_key.data()) == 0;
}

}  // namespace sotto::crypto::ed25519
