// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include "base/bytes.hpp"

/// Text forms of bytes (multiformats/multibase). Inputs above 4,096 characters are refused: base58 is quadratic.
namespace sotto::multibase {

enum class Base : std::uint8_t { base16, base32, base36, base58btc, base64, base64url };

/// Without the prefix letter.
std::string encode_bare(Base base, BytesView bytes);
Result<Bytes> decode_bare(Base base, std::string_view text);
/// With it: f, b, k, z, m, u.
std::string encode(Base base, BytesView bytes);
Result<Bytes> decode(std::string_view text);

}  // namespace sotto::multibase
