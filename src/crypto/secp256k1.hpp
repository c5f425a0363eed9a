// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include "crypto/keccak.hpp"

/// secp256k1 by libsecp256k1: every point is checked on parse. Public keys are kept uncompressed without the 0x04 byte,
/// as devp2p's node id is: X || Y, 64 bytes.
namespace sotto::crypto::secp256k1 {

using Secret = ByteArray<32>;
using Point = ByteArray<64>;

/// Not zero and below the group order.
bool valid_secret(BytesView secret) noexcept;
/// Precondition: valid_secret.
Point public_key(const Secret& secret) noexcept;
/// 33 bytes (02/03), 65 bytes (04) or 64 bytes (bare X || Y). Fails (malformed) when it is not a point of the curve.
Result<Point> parse_point(BytesView encoded);
ByteArray<33> compress(const Point& point) noexcept;
/// X || Y behind 0x04.
ByteArray<65> uncompressed(const Point& point) noexcept;

/// X coordinate of the shared point, 32 bytes, left-padded.
Result<ByteArray<32>> ecdh(const Secret& secret, const Point& point);

/// R || S || V with V in {0, 1}; deterministic (RFC 6979).
ByteArray<65> sign_recoverable(const Secret& secret, const Hash256& digest);
/// V of 2 and 3 is taken too, as go-ethereum does. Malformed: out of range. Unauthentic: the signature of no key.
Result<Point> recover(BytesView signature65, const Hash256& digest);

/// DER signatures over a digest (libp2p). verify accepts a high S.
Bytes sign_der(const Secret& secret, const Hash256& digest);
bool verify_der(const Point& point, const Hash256& digest, BytesView der) noexcept;

}  // namespace sotto::crypto::secp256k1
