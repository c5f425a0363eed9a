// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/peer.hpp"
#include "net/stream.hpp"

/// libp2p/specs identify/README.md: what a node says of itself. The side that opens `/ipfs/id/1.0.0` reads, the other
/// one writes; with `/ipfs/id/push/1.0.0` it is the other way round.
namespace sotto::libp2p {

inline constexpr std::string_view kIdentifyId = "/ipfs/id/1.0.0";
inline constexpr std::string_view kIdentifyPushId = "/ipfs/id/push/1.0.0";
/// What other implementations write for the version of the network.
inline constexpr std::string_view kIdentifyVersion = "ipfs/0.1.0";

/// Bounds of what is accepted from a peer: messages merged, bytes of one, entries of a list, bytes of a text.
inline constexpr std::size_t kMaxIdentifyMessages = 10;
inline constexpr std::size_t kMaxIdentifyMessage = 8 * 1024;
inline constexpr std::size_t kMaxIdentifyEntries = 1000;
inline constexpr std::size_t kMaxIdentifyText = 256;
/// Bytes that we send at most: what the strictest known peer takes (rust-libp2p). Addresses that do not fit are left
/// out.
inline constexpr std::size_t kMaxIdentifySent = 4096;

struct IdentifyInfo {
    std::optional<crypto::PublicKey> key;
    std::vector<Multiaddr> listen_addresses;  ///< without a /p2p part
    std::vector<std::string> protocols;
    std::optional<Multiaddr> observed;  ///< the reader's address as the writer sees it
    std::string protocol_version;
    std::string agent;

    /// One Identify message, without a length prefix. Addresses of devp2p are left out.
    Bytes encode() const;
    /// Takes the fields of one message: lists are extended, single values replaced. An address that is not understood
    /// is left out; texts are cut. Fails (malformed, misbehaved) on broken fields and on too many entries.
    Result<void> merge(BytesView message);
};

/// Writes `info` behind its length. The caller ends our side.
Task<Result<void>> write_identify(net::Stream& stream, const IdentifyInfo& info);
/// Reads messages until the peer ends its side. A key that is not the peer's fails with wrong_identity.
Task<Result<IdentifyInfo>> read_identify(net::Stream& stream, const net::PeerIdentity& peer);

}  // namespace sotto::libp2p
