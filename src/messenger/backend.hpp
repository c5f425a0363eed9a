// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/env.hpp"
#include "base/signal.hpp"
#include "chat/contact.hpp"

namespace sotto::messenger {

using chat::Key;
using chat::Topic;
using crypto::Hash256;
using crypto::secp256k1::Secret;
using SymmetricKey = ByteArray<32>;

/// What to listen to.
struct Listening {
    std::vector<Topic> topics;
    std::optional<SymmetricKey> key = std::nullopt;  ///< without: what is sealed for our own key
};

struct Incoming {
    std::size_t listening = 0;  ///< what listen() returned
    Topic topic{};
    std::optional<Key> signer;
    Bytes payload;
};

/// To be signed and sealed with exactly one of the two.
struct Outgoing {
    Topic topic{};
    std::optional<SymmetricKey> key = std::nullopt;
    std::optional<Key> recipient = std::nullopt;
    Bytes payload = {};
};

/// Where a message of ours is on its way.
enum class Delivery : std::uint8_t { queued, sent, acknowledged, failed };

struct Progress {
    Hash256 hash{};  ///< what post() returned
    Delivery delivery = Delivery::queued;
    bool expects_more = false;  ///< of sent: a peer that was sent it may confirm it
    std::string why = {};       ///< of failed
};

struct Peer {
    std::string network;
    std::string address;
    std::string agent;

    /// "127.0.0.1:30303" of "/ip4/127.0.0.1/tcp/30303/rlpx/p2p/…"; others as they are.
    std::string short_address() const;
};

/// The node that a chat works over: its own, or a running one by RPC. Texts may hold what strangers wrote. Loop thread
/// only; everything ends before it is destroyed.
class Backend {
  public:
    virtual ~Backend() = default;

    /// Once, before anything else: what is posted is signed with this key.
    virtual Task<Result<void>> start(const Secret& identity) = 0;
    /// Returns a number for `incoming`; for as long as this lives.
    virtual Task<Result<std::size_t>> listen(Listening listening) = 0;
    /// Returns once the node has it; how it goes on is told by `progress`, perhaps before this has returned.
    virtual Task<Result<Hash256>> post(Outgoing message) = 0;
    /// Serves until stop().
    virtual Task<void> run() = 0;
    /// From here on what is lost is no news.
    virtual void stop() noexcept = 0;
    /// Dials a node, "enode://…" or a multiaddr, in the background and again after every loss. Errors:
    /// invalid_argument; unsupported over a running node.
    virtual Result<void> connect(std::string_view address) = 0;
    /// Whether what post() took is delivered even when nobody runs this any more.
    virtual bool outlives_us() const noexcept = 0;

    /// Whether there is anybody who would take a message now.
    virtual bool reachable() const noexcept = 0;
    virtual std::vector<Peer> peers() const = 0;

    Signal<Incoming> incoming;
    Signal<Progress> progress;
    Signal<std::string> news;  ///< for people: connected, lost
    Signal<> peers_changed;    ///< reachable() too
};

}  // namespace sotto::messenger
