// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/env.hpp"
#include "base/signal.hpp"
#include "net/transport.hpp"
#include "node/counters.hpp"
#include "node/gate.hpp"
#include "node/limits.hpp"

namespace sotto::node {

/// A protocol session with a peer began or ended. Sent only after the protocol's own handshake.
struct PeerEvent {
    enum class Kind : std::uint8_t { connected, disconnected };
    Kind kind{};
    crypto::PeerId peer;
    net::Network network{};
    net::Role role{};
    Multiaddr remote;
    std::string_view protocol;    ///< ProtocolSpec::name
    std::optional<Error> reason;  ///< of a disconnect
};

/// How a connection to a peer is doing. One that is heard of at least once in one and a half heartbeats (15 s each) is
/// ok: keepalives see to that while it is idle.
enum class PeerState : std::uint8_t {
    connecting,  ///< being dialled
    ok,
    suspect,  ///< silent; nothing more is sent there, and it is dialled anew where it is wanted
    dead,     ///< the connection ended
};
std::string_view to_string(PeerState state) noexcept;

/// A connection came into a state.
struct PeerStateEvent {
    PeerState state{};
    crypto::PeerId peer;
    net::Network network{};
    Multiaddr remote;
    std::optional<Error> reason;  ///< of dead
};

/// One connection as it is now.
struct PeerSnapshot {
    net::PeerIdentity identity;
    net::ConnectionInfo info;
    bool wanted = false;
    bool suspect = false;
    Duration age{};
    std::vector<std::string> sessions;  ///< protocols that are past their handshake, "shh"
};

/// Our ids on the networks. They differ where the networks have a key each.
struct SelfIds {
    crypto::PeerId devp2p;
    crypto::PeerId libp2p;
    const crypto::PeerId& on(net::Network network) const noexcept {
        return network == net::Network::devp2p ? devp2p : libp2p;
    }
};

struct HostConfig {
    Limits limits;
    std::vector<Cidr> exempt;
    SelfIds self;
    /// How long the listening side of a libp2p connection waits for the peer to open a protocol stream.
    Duration listener_opens_after = std::chrono::seconds(5);
    Duration dial_limit = std::chrono::seconds(15);
};

/// One for both networks: listens, dials the wanted peers in the background, upgrades, and runs every protocol once per
/// peer, whichever connection carries it. Loop thread only.
class Host {
  public:
    struct Parts {
        std::vector<std::unique_ptr<net::Transport>> transports;
        std::vector<std::unique_ptr<net::Upgrader>> upgraders;
        std::vector<net::Protocol*> protocols;  ///< outlive the host
    };

    Host(Env env, HostConfig config, Parts parts);
    ~Host();

    /// Before run(). Returns the address with the port that the kernel chose.
    Result<Multiaddr> listen(const Multiaddr& address);
    const std::vector<Multiaddr>& listen_addresses() const noexcept;
    /// Serves until stop(), then says goodbye to all peers and returns.
    Task<void> run();
    void stop() noexcept;

    /// New limits for what comes from now on; what is open already stays.
    void set_limits(const Limits& limits);
    /// Wants a peer: it is dialled in the background and again after every loss, with backoff. Needs a /p2p part.
    Result<void> add_peer(const Multiaddr& address);
    /// No longer wants the peer and disconnects it. False: was neither wanted nor connected.
    bool remove_peer(const crypto::PeerId& peer);
    std::vector<PeerSnapshot> peers() const;
    std::size_t peer_count() const noexcept;
    HostCounters counters() const;
    /// What the connections of a peer's host have in common; empty: exempt from the limits per address, or not
    /// connected.
    std::string host_key(const crypto::PeerId& peer) const;
    Task<Result<Duration>> ping(const crypto::PeerId& peer, Duration limit);
    Signal<PeerEvent>& events() noexcept;
    Signal<PeerStateEvent>& states() noexcept;
    /// The connection that carries its protocols is suspect.
    bool suspect(const crypto::PeerId& peer) const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace sotto::node
