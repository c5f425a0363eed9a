// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <memory>

#include "base/env.hpp"
#include "net/message_stream.hpp"
#include "net/stream.hpp"

namespace sotto::net {

/// Facts about a connection, for people and the RPC.
struct ConnectionInfo {
    Network network{};
    Role role{};
    Multiaddr local;
    Multiaddr remote;
    std::string security;                ///< "noise", or "rlpx"
    std::string muxer;                   ///< "/yamux/1.0.0"; empty on devp2p
    std::string agent;                   ///< client name the peer told; may arrive later (identify)
    std::vector<std::string> protocols;  ///< "shh/6", "/shh/6.0"; what the peer told
};

/// A protocol stream that the peer opened.
struct Incoming {
    const ProtocolSpec* spec = nullptr;
    std::unique_ptr<MessageStream> stream;
};

/// An authenticated, multiplexed connection: the result of dial or accept plus upgrade. Loop thread only.
class Connection {
  public:
    virtual ~Connection() = default;
    virtual const PeerIdentity& peer() const noexcept = 0;
    virtual ConnectionInfo info() const = 0;
    /// Drives the connection (reader, writer, keepalive, negotiations) and returns why it ended, after the goodbye is
    /// sent or its limit is over. Call it exactly once; everything else needs it running. Streams that outlive it
    /// return its error.
    virtual Task<Error> run() = 0;
    /// Opens a protocol stream. On devp2p at once if the capability is shared, and at most once. Errc::unsupported: not
    /// spoken.
    virtual Task<Result<std::unique_ptr<MessageStream>>> open(const ProtocolSpec& spec, Deadline deadline) = 0;
    /// The next stream that the peer opened, of the protocols the upgrader was made with. Never yields on devp2p.
    virtual Task<Result<Incoming>> accept() = 0;
    /// Says goodbye as the network does and ends; run() returns. The first reason wins.
    virtual void close(Error why) noexcept = 0;
    /// One keepalive round trip: libp2p ping or devp2p base ping.
    virtual Task<Result<Duration>> ping(Deadline deadline) = 0;
};

}  // namespace sotto::net
