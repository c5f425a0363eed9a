// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <memory>
#include <vector>

#include "base/env.hpp"
#include "crypto/keys.hpp"
#include "node/config.hpp"
#include "node/host.hpp"
#include "whisper/node.hpp"

namespace sotto::node {

/// The keys of the two presences; one and the same by default.
struct Identities {
    crypto::PrivateKey devp2p;  ///< secp256k1
    crypto::PrivateKey libp2p;
};

/// "Sotto/v0.1.0/linux-amd64/clang19.1.7", as peers and web3_clientVersion see it.
std::string client_name();

/// A whole node: one host with both networks and Whisper on it. With both networks on it is a bridge. Loop thread only.
class Node {
  public:
    using Transports = std::vector<std::unique_ptr<net::Transport>>;

    /// invalid_argument: a devp2p identity that is not secp256k1.
    /// `journal` keeps what is posted and outlives the node; null: it does not survive the process.
    static Result<std::unique_ptr<Node>> make(Env env,
                                              const Config& config,
                                              const Identities& identities,
                                              whisper::Journal* journal = nullptr);
    /// The same over other transports than the built-in ones.
    static Result<std::unique_ptr<Node>> make(Env env,
                                              const Config& config,
                                              const Identities& identities,
                                              Transports transports,
                                              whisper::Journal* journal = nullptr);
    ~Node();

    /// Binds every listener of the configuration; an error names the address and what to do.
    Result<void> listen();
    /// Serves until stop(). Dials the configured peers.
    Task<void> run();
    void stop() noexcept;

    /// What is in force; the reference, good as long as the node, shows every change.
    const Limits& limits() const noexcept { return config_.limits; }
    /// In force at once, but for outbox_bytes and streams_per_connection: those are for connections from now on.
    void set_limits(const Limits& limits);

    Host& host() noexcept { return *host_; }
    const Host& host() const noexcept { return *host_; }
    whisper::Whisper& whisper() noexcept { return *whisper_; }
    const whisper::Whisper& whisper() const noexcept { return *whisper_; }
    const Env& env() const noexcept { return env_; }
    const Identities& identities() const noexcept { return identities_; }

    /// enode:// of the first devp2p listener with an address that can be dialled; empty without one.
    std::string enode() const;
    /// libp2p listen addresses with /p2p/, one per interface address when listening on all.
    std::vector<std::string> multiaddrs() const;

  private:
    Node(Env env, const Config& config, const Identities& identities, Transports transports, whisper::Journal* journal);

    void judge(const crypto::PeerId& peer);

    Env env_;
    Config config_;
    Identities identities_;
    std::unique_ptr<whisper::Whisper> whisper_;
    std::unique_ptr<Host> host_;
    Subscription peer_states_;
    Subscription peer_events_;
    Host* host_raw_ = nullptr;  ///< for what is made before the host and asks it later
};

}  // namespace sotto::node
