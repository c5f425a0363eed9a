// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <memory>
#include <string_view>

#include "libp2p/local.hpp"
#include "net/connection.hpp"

namespace sotto::libp2p {

/// Streams that wait for accept(); one more is reset.
inline constexpr std::size_t kMaxWaitingStreams = 16;

/// A libp2p connection over a secure stream: yamux, a negotiation a stream, the node's services, and identify once soon
/// after the start. Inbound streams are negotiated side by side: a silent opener does not hold up the next.
class Connection final : public net::Connection {
  public:
    /// `info` tells role, addresses, security and muxer.
    Connection(Env env,
               std::shared_ptr<const Local> local,
               std::unique_ptr<net::Stream> secure,
               net::PeerIdentity peer,
               net::ConnectionInfo info);
    ~Connection() override;

    const net::PeerIdentity& peer() const noexcept override;
    net::ConnectionInfo info() const override;
    Task<Error> run() override;
    /// The proposal leaves with the first message or read: that the peer does not speak the protocol (unsupported) may
    /// show only at the first read.
    Task<Result<std::unique_ptr<net::MessageStream>>> open(const net::ProtocolSpec& spec, Deadline deadline) override;
    Task<Result<net::Incoming>> accept() override;
    void close(Error why) noexcept override;
    /// On a stream of /ipfs/ping/1.0.0 of its own.
    Task<Result<Duration>> ping(Deadline deadline) override;

    /// A byte stream of any protocol. As open(); `deadline` is for the peer's answer to the proposal.
    Result<std::unique_ptr<net::Stream>> open_stream(std::string_view protocol_id, Deadline deadline);

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace sotto::libp2p
