// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace sotto {

using Byte = std::uint8_t;
using Bytes = std::vector<Byte>;
using BytesView = std::span<const Byte>;
using BytesSpan = std::span<Byte>;
template <std::size_t N>
using ByteArray = std::array<Byte, N>;
/// One immutable payload shared by many queues (fan-out without copies).
using SharedBytes = std::shared_ptr<const Bytes>;
/// A gather list: the pieces of one write, in order.
using Buffers = std::span<const BytesView>;

inline BytesView view_of(std::string_view text) noexcept {
    return {reinterpret_cast<const Byte*>(text.data()), text.size()};
}
inline std::string_view text_of(BytesView bytes) noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline Bytes to_bytes(BytesView bytes) {
    return {bytes.begin(), bytes.end()};
}
inline Bytes to_bytes(std::string_view text) {
    return to_bytes(view_of(text));
}
inline void append(Bytes& out, BytesView more) {
    out.insert(out.end(), more.begin(), more.end());
}
inline bool equal(BytesView a, BytesView b) noexcept {
    return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}
inline std::size_t total_size(Buffers parts) noexcept {
    std::size_t total = 0;
    for (const auto& part : parts) total += part.size();
    return total;
}
/// The first N bytes of `bytes`, which must hold at least N (checked by _GLIBCXX_ASSERTIONS).
template <std::size_t N>
ByteArray<N> first_bytes(BytesView bytes) noexcept {
    ByteArray<N> out;
    const auto head = bytes.first(N);
    std::memcpy(out.data(), head.data(), N);
    return out;
}

/// Big-endian integers at a fixed place; the span must be long enough.
template <class T>
T load_be(BytesView bytes) noexcept {
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) value = static_cast<T>((value << 8 * (sizeof(T) > 1)) | bytes[i]);
    return value;
}
template <class T>
void store_be(T value, BytesSpan out) noexcept {
    for (std::size_t i = 0; i < sizeof(T); ++i) out[i] = static_cast<Byte>(value >> (8 * (sizeof(T) - 1 - i)));
}

/// Lower-case hex without a prefix.
std::string to_hex(BytesView bytes);
/// "0x" and lower-case hex, as JSON-RPC wants it.
std::string to_hex_prefixed(BytesView bytes);
/// Accepts an optional "0x" and either case; fails on odd length or another character.
Result<Bytes> from_hex(std::string_view text);

}  // namespace sotto
