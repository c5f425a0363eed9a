// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include "crypto/secp256k1.hpp"

/// ECIES on secp256k1 as go-ethereum's crypto/ecies: 65-byte ephemeral point | 16-byte IV | AES-128-CTR | HMAC-SHA256
/// tag. K = SHA256(00000001 | X), Ke = K[0:16], Km = SHA256(K[16:32]); the tag covers IV, ciphertext and
/// `shared_mac_data` (RLPx: the size prefix; Whisper: empty).
namespace sotto::crypto::ecies {

inline constexpr std::size_t kOverhead = 65 + 16 + 32;

/// The randomness is the caller's: a valid ephemeral secret and an IV.
Result<Bytes> encrypt(const secp256k1::Point& to,
                      BytesView plain,
                      BytesView shared_mac_data,
                      const secp256k1::Secret& ephemeral,
                      const ByteArray<16>& iv);
/// One and the same error (unauthentic) whatever is wrong; the point is checked before any use.
Result<Bytes> decrypt(const secp256k1::Secret& secret, BytesView sealed, BytesView shared_mac_data);

}  // namespace sotto::crypto::ecies
