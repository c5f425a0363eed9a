// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include "base/bytes.hpp"

namespace sotto::crypto {

/// RFC 7748.
struct X25519KeyPair {
    ByteArray<32> secret;
    ByteArray<32> public_key;
};

X25519KeyPair x25519_keypair(const ByteArray<32>& secret);
/// Fails (unauthentic) when the result is all zero: the other key is of low order.
Result<ByteArray<32>> x25519(const ByteArray<32>& secret, const ByteArray<32>& public_key);

}  // namespace sotto::crypto
