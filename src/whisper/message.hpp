// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <optional>

#include "base/random.hpp"
#include "crypto/secp256k1.hpp"

namespace sotto::whisper {

using SymmetricKey = ByteArray<32>;
using crypto::secp256k1::Point;
using crypto::secp256k1::Secret;

/// What an envelope carries once it is open.
struct Plaintext {
    Bytes payload;
    Bytes padding;
    std::optional<Point> source;  ///< who signed it
};

/// flags (1) | size of the payload (1 to 3 bytes, little-endian) | payload | padding | signature (65, R || S || V in
/// {0, 1}) over keccak256 of all before. Bits 0-1 of the flags are the length of the size, bit 2 says signed. Without
/// padding of the caller's the whole is filled with random bytes to the next multiple of 256 (a whole 256 more when it
/// is one already). `signer` may be null. Errors: too_large from 16 MiB.
Result<Bytes> encode_plaintext(BytesView payload, BytesView padding, const Secret* signer, RandomSource& random);
/// Errors: malformed; unauthentic when the signature recovers no key. V of 27 and 28, as EIP-627 has it, is taken too.
Result<Plaintext> decode_plaintext(BytesView plain);

/// AES-256-GCM; the random 12-byte nonce stands behind ciphertext and tag.
Bytes seal_symmetric(const SymmetricKey& key, BytesView plain, RandomSource& random);
Result<Bytes> open_symmetric(const SymmetricKey& key, BytesView sealed);
/// ECIES on secp256k1 (crypto/ecies.hpp) with empty shared data.
Result<Bytes> seal_asymmetric(const Point& to, BytesView plain, RandomSource& random);
Result<Bytes> open_asymmetric(const Secret& secret, BytesView sealed);

/// A valid secp256k1 secret.
Secret random_secret(RandomSource& random);

}  // namespace sotto::whisper
