// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <vector>

#include "crypto/secp256k1.hpp"

/// The Hello message (ethereum/devp2p rlpx.md, message 0x00).
namespace sotto::devp2p {

/// The base protocol that this node speaks: 5 brought snappy.
inline constexpr unsigned kBaseVersion = 5;
inline constexpr std::size_t kMaxHello = 2048;
inline constexpr std::size_t kMaxCapabilityName = 8;

struct Capability {
    std::string name;
    unsigned version = 0;
    friend auto operator<=>(const Capability&, const Capability&) = default;
};

struct Hello {
    std::uint64_t version = kBaseVersion;
    std::string client;
    std::vector<Capability> capabilities;
    std::uint64_t listen_port = 0;
    crypto::secp256k1::Point id{};
};

Bytes encode_hello(const Hello& hello);
/// More list elements are ignored (EIP-8). At most 2 KiB and 100 capabilities; names are 1 to 8 characters.
Result<Hello> decode_hello(BytesView payload);

}  // namespace sotto::devp2p
