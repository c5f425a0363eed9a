// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <optional>

#include "base/bytes.hpp"

/// Unsigned LEB128 of at most 64 bits in minimal form (multiformats/unsigned-varint, which itself stops at 63).
namespace sotto::varint {

inline constexpr std::size_t kMaxSize = 10;

struct Decoded {
    std::uint64_t value = 0;
    std::size_t size = 0;
};

std::size_t encoded_size(std::uint64_t value) noexcept;
void append(Bytes& out, std::uint64_t value);
/// nullopt: the input ends inside the number. Malformed: longer than 10 bytes, above 64 bits, or not minimal.
Result<std::optional<Decoded>> decode(BytesView in);
/// The whole number must be there; `in` is moved past it.
Result<std::uint64_t> read(BytesView& in);
/// A byte string with its length in front; `in` is moved past it. Fails above `max_size`.
Result<BytesView> read_bytes(BytesView& in, std::size_t max_size);

}  // namespace sotto::varint
