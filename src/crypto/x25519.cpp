// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "crypto/x25519.hpp"

#include <sodium.h>

#include "crypto/libraries.hpp"

namespace sotto::crypto {

X25519KeyPair x25519_keypair(const ByteArray<32>& secret) {
    libraries::prepare_sodium();
    X25519KeyPair pair{.secret = secret, .public_key = {}};
    crypto_scalarmult_base(pair.public_key.data(), secret.data());
    return pair;
}

Result<ByteArray<32>> x25519(const ByteArray<32>& secret, const ByteArray<32>& public_key) {
    libraries::prepare_sodium();
    ByteArray<32> shared;
    if (crypto_scalarmult(shared.data(), secret.data(), public_key.data()) != 0) {
        return fail(Errc::unauthentic, "X25519 key of low order");
    }
    return shared;
}

}  // namespace sotto::crypto
