// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include "base/bytes.hpp"

/// Keys and signatures of the kinds that we check and never make. Not for other modules.
namespace sotto::crypto {

Result<void> check_ecdsa_key(BytesView spki);
/// PKCS #1 v1.5 (RFC 8017) with SHA-256.
bool verify_rsa(BytesView spki, BytesView message, BytesView signature);
/// P-256, SHA-256, DER.
bool verify_ecdsa(BytesView spki, BytesView message, BytesView signature);

}  // namespace sotto::crypto
