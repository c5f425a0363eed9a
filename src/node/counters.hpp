// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <array>
#include <map>
#include <string>

#include "base/result.hpp"
#include "net/peer.hpp"

namespace sotto::node {

/// Bytes on the wire, with handshakes and framing.
struct Traffic {
    std::uint64_t in = 0;
    std::uint64_t out = 0;  ///< given to the system
};

/// How tries of one kind ended.
struct Outcomes {
    std::uint64_t ok = 0;
    std::map<Errc, std::uint64_t> failed;

    template <class T>
    void add(const Result<T>& outcome) {
        ++(outcome ? ok : failed[outcome.error().code()]);
    }
};

/// What a host did since it was made, for metrics. Every key comes from a fixed set: no remote can make it grow.
struct HostCounters {
    struct OfNetwork {
        Outcomes dials;                        ///< up to an authenticated connection
        Outcomes handshakes;                   ///< of inbound connections
        std::map<Errc, std::uint64_t> closed;  ///< authenticated connections, by why they ended
        Traffic traffic;
    };
    std::array<OfNetwork, 2> networks;
    std::map<std::string, std::uint64_t> refused;  ///< inbound, before any handshake, by the limit's name
    std::size_t wanted = 0;                        ///< peers to keep a connection to, once a network; now
    std::size_t dialling = 0;                      ///< now
    std::size_t handshaking = 0;                   ///< inbound, now

    OfNetwork& of(net::Network network) noexcept { return networks[static_cast<std::size_t>(network)]; }
    const OfNetwork& of(net::Network network) const noexcept { return networks[static_cast<std::size_t>(network)]; }
};

}  // namespace sotto::node
