// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include "base/bytes.hpp"

/// RFC 8032, behind PublicKey and PrivateKey. Not for other modules.
namespace sotto::crypto::ed25519 {

/// 32 bytes, a point of the curve. One of low order is let pass here, but no signature verifies with it.
Result<void> check_public_key(BytesView key);
ByteArray<32> public_key(const ByteArray<32>& seed) noexcept;
ByteArray<64> sign(const ByteArray<32>& seed, const ByteArray<32>& public_key, BytesView message) noexcept;
bool verify(BytesView public_key, BytesView message, BytesView signature) noexcept;

}  // namespace sotto::crypto::ed25519
