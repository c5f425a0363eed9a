// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include "base/bytes.hpp"

/// multiformats/multihash: varint code, varint length, digest.
namespace sotto::multihash {

inline constexpr std::uint64_t kIdentity = 0x00;
inline constexpr std::uint64_t kSha256 = 0x12;

struct Multihash {
    std::uint64_t code = 0;
    Bytes digest;
};

Bytes encode(std::uint64_t code, BytesView digest);
/// The input must be exactly one multihash; a sha2-256 digest must be 32 bytes, any digest at most 128.
Result<Multihash> decode(BytesView in);

}  // namespace sotto::multihash
