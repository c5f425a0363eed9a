// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include "base/bytes.hpp"

/// The 12-byte frame header of yamux (hashicorp/yamux spec.md), all fields big-endian.
namespace sotto::libp2p::yamux {

enum class Type : Byte { data = 0, window_update = 1, ping = 2, go_away = 3 };

inline constexpr std::uint16_t kSyn = 1;
inline constexpr std::uint16_t kAck = 2;
inline constexpr std::uint16_t kFin = 4;
inline constexpr std::uint16_t kRst = 8;

inline constexpr std::size_t kHeaderSize = 12;
/// The window of a new stream, in both directions, whatever the configuration of either end.
inline constexpr std::uint32_t kInitialWindow = 256 * 1024;

struct Header {
    Type type = Type::data;
    std::uint16_t flags = 0;
    std::uint32_t stream = 0;
    /// data: bytes behind the header; window_update: credit; ping: opaque; go_away and RST: a reason.
    std::uint32_t length = 0;

    bool has(std::uint16_t flag) const noexcept { return (flags & flag) != 0; }
};

void append_header(Bytes& out, const Header& header);
/// Malformed: a version other than 0, an unknown type or flag.
Result<Header> decode_header(BytesView bytes12);

}  // namespace sotto::libp2p::yamux
