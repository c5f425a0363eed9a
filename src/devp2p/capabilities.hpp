// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <span>
#include <vector>

#include "devp2p/hello.hpp"
#include "net/message_stream.hpp"

namespace sotto::devp2p {

/// Message codes below this one belong to the base protocol, which uses these.
inline constexpr std::uint32_t kBaseCodes = 0x10;
inline constexpr std::uint32_t kHello = 0x00;
inline constexpr std::uint32_t kDisconnect = 0x01;
inline constexpr std::uint32_t kPing = 0x02;
inline constexpr std::uint32_t kPong = 0x03;

/// A capability that both ends have, and its range of message codes on the wire.
struct SharedCapability {
    const net::ProtocolSpec* spec = nullptr;
    std::uint32_t offset = 0;
    bool contains(std::uint32_t code) const noexcept { return code >= offset && code - offset < spec->message_count; }
};

/// The highest version of each name that both have, ordered by the bytes of the name, ranges from 0x10 on without gaps.
std::vector<SharedCapability> share_capabilities(std::span<const net::ProtocolSpec* const> ours,
                                                 std::span<const Capability> theirs);

}  // namespace sotto::devp2p
