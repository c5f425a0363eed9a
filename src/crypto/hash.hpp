// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <string>

#include "crypto/keccak.hpp"

namespace sotto::crypto {

Hash256 sha256(BytesView bytes);
Hash256 sha256(Buffers parts);
Hash256 hmac_sha256(BytesView key, BytesView message);
Hash256 hmac_sha256(BytesView key, Buffers parts);
/// RFC 5869. `size` at most 255 * 32 bytes.
Bytes hkdf_sha256(BytesView salt, BytesView input_key, BytesView info, std::size_t size);
/// RFC 8018 with HMAC-SHA256, 1 to 2^31 - 1 iterations (check those that come from a file). Slow on purpose: run it on
/// the workers.
Bytes pbkdf2_sha256(BytesView password, BytesView salt, std::uint32_t iterations, std::size_t size);

/// Constant time in the contents (not in the sizes).
bool equal_constant_time(BytesView a, BytesView b) noexcept;
/// Overwrites secrets; never optimised away.
void wipe(BytesSpan secret) noexcept;
void wipe(std::string& secret) noexcept;

}  // namespace sotto::crypto
