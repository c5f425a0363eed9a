// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <memory>

#include "base/env.hpp"
#include "net/connection.hpp"

namespace sotto::net {

/// A stream with the addresses of its ends.
struct RawConnection {
    std::unique_ptr<Stream> stream;
    Multiaddr local;
    Multiaddr remote;
};

class Listener {
  public:
    virtual ~Listener() = default;
    /// Where it listens, with the port that the kernel chose.
    virtual Multiaddr local() const = 0;
    /// An error ends the listener; running out of descriptors is waited out inside.
    virtual Task<Result<RawConnection>> accept() = 0;
    virtual void close() noexcept = 0;
};

/// Makes raw streams: tcp, memory, later websocket. Loop thread only.
class Transport {
  public:
    virtual ~Transport() = default;
    /// Looks only at the parts that it understands (/ip4/…/tcp/…), not at /rlpx or /p2p behind them.
    virtual bool handles(const Multiaddr& address) const noexcept = 0;
    virtual Task<Result<RawConnection>> dial(const Multiaddr& address, Deadline deadline) = 0;
    virtual Result<std::unique_ptr<Listener>> listen(const Multiaddr& address) = 0;
};

/// Turns a raw stream into an authenticated connection: rlpx, or multistream + noise + yamux.
class Upgrader {
  public:
    virtual ~Upgrader() = default;
    virtual Network network() const noexcept = 0;
    /// `expected`: the peer that was dialled; another one fails with wrong_identity. Null for a listener. On failure
    /// the stream is reset. The deadline is absolute, over all steps.
    virtual Task<Result<std::unique_ptr<Connection>>> upgrade(RawConnection raw,
                                                              Role role,
                                                              const crypto::PeerId* expected,
                                                              Deadline deadline) = 0;
};

}  // namespace sotto::net
