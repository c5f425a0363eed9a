// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include "base/event.hpp"
#include "net/connection.hpp"
#include "node/traffic.hpp"

namespace sotto::node {

/// One protocol on one connection.
struct ProtocolSlot {
    ProtocolSlot(const Executor& executor, net::Protocol& p) : protocol(p), wake(executor) {}

    net::Protocol& protocol;
    std::unique_ptr<net::MessageStream> incoming;  ///< opened by the peer, not used yet
    net::MessageStream* active = nullptr;          ///< the stream that the session runs on
    bool active_is_ours = false;
    bool established = false;
    bool unsupported = false;  ///< the peer refused the protocol: only its own stream can start a session
    unsigned failures = 0;     ///< sessions in a row that ended before their handshake
    Event wake;
};

/// A connection that the host drives, with its protocols.
struct Link {
    Link(const Executor& executor,
         std::unique_ptr<net::Connection> c,
         net::Role r,
         const std::vector<net::Protocol*>& protocols)
        : connection(std::move(c)), role(r) {
        for (auto* protocol : protocols) slots.push_back(std::make_unique<ProtocolSlot>(executor, *protocol));
    }

    const net::PeerIdentity& peer() const noexcept { return connection->peer(); }
    ProtocolSlot* slot_of(const net::ProtocolSpec* spec) noexcept {
        for (const auto& slot : slots) {
            if (&slot->protocol.spec() == spec) return slot.get();
        }
        return nullptr;
    }
    /// A protocol is past its handshake.
    bool established() const noexcept {
        return std::ranges::any_of(slots, [](const auto& slot) { return slot->established; });
    }
    void wake_all() noexcept {
        for (const auto& slot : slots) slot->wake.notify();
    }

    std::unique_ptr<net::Connection> connection;
    net::Role role;
    net::Network network{};
    Multiaddr remote;
    TimePoint since;
    std::shared_ptr<const Pulse> pulse;
    bool suspect = false;  ///< nothing was heard for too long, and it is not closed yet
    bool ended = false;
    std::vector<std::unique_ptr<ProtocolSlot>> slots;
};

}  // namespace sotto::node
