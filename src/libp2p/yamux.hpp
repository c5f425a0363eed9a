// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <memory>

#include "base/env.hpp"
#include "libp2p/yamux_core.hpp"
#include "net/stream.hpp"

namespace sotto::libp2p {

struct YamuxConfig {
    yamux::Config core;
    Duration keepalive = std::chrono::seconds(15);     ///< between pings
    unsigned unanswered_pings = 2;                     ///< in a row, then the session ends
    Duration write_stall = std::chrono::seconds(30);   ///< a peer that takes nothing for so long is dropped
    Duration goodbye_limit = std::chrono::seconds(2);  ///< for the GoAway to leave
};

/// One yamux session (hashicorp/yamux spec.md, libp2p/specs yamux/README.md) over a secure stream that it owns. The
/// streams it gives out may outlive it; they then return its error. Loop thread only.
class Yamux {
  public:
    Yamux(Env env, std::unique_ptr<net::Stream> secure, net::Role role, const YamuxConfig& config);
    Yamux(const Yamux&) = delete;
    Yamux& operator=(const Yamux&) = delete;
    ~Yamux();

    /// Reads, writes and keeps alive until the session ends; returns why. Exactly once.
    Task<Error> run();
    /// A stream of ours. Nothing is sent until its first bytes are: the SYN rides on them. Errc::busy above the ACK
    /// backlog.
    Result<std::unique_ptr<net::Stream>> open();
    /// The next stream of the peer's. One caller at a time.
    Task<Result<std::unique_ptr<net::Stream>>> accept();
    /// Says GoAway and ends; run() returns. The first reason wins.
    void close(Error why) noexcept;
    /// One round trip. One caller at a time.
    Task<Result<Duration>> ping(Deadline deadline);
    std::size_t stream_count() const noexcept;

  private:
    struct Session;
    std::shared_ptr<Session> session_;
};

}  // namespace sotto::libp2p
