// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "libp2p/identify.hpp"
#include "libp2p/noise_handshake.hpp"
#include "libp2p/services.hpp"
#include "libp2p/yamux.hpp"
#include "net/message_stream.hpp"

namespace sotto::libp2p {

inline constexpr std::string_view kNoiseId = "/noise";
inline constexpr std::string_view kYamuxId = "/yamux/1.0.0";

/// What a node is on libp2p. Protocol specs must outlive all that is made with it.
struct Config {
    crypto::PrivateKey identity;
    std::string agent;                                           ///< "Sotto/v0.1.0"
    std::vector<const net::ProtocolSpec*> protocols{};           ///< offered to peers, yielded by Connection::accept()
    std::function<std::vector<Multiaddr>()> listen_addresses{};  ///< for identify; none when empty
    bool serve_echo = false;
    bool serve_perf = false;  ///< costs bandwidth: for measurements
    bool early_muxer = true;  ///< false: negotiate the muxer by multistream, as peers without Noise extensions do
    YamuxConfig yamux{};
    std::function<std::size_t()> inbound_streams{};         ///< asked for each connection; empty: as `yamux` has it
    std::size_t max_negotiations = 128;                     ///< inbound streams a connection, at once
    Duration negotiation_limit = std::chrono::seconds(10);  ///< for one stream
    Duration service_limit = std::chrono::seconds(10);      ///< for an identify exchange and for a stream's farewell
};

/// The same, ready for use by every connection of the node.
struct Local {
    Local(Config c, const ByteArray<32>& noise_static_secret);

    Config config;
    NoiseIdentity noise;
    std::vector<Service> services;
    std::vector<std::string_view> protocol_ids;  ///< of protocols and services, as offered to peers

    const net::ProtocolSpec* find_protocol(std::string_view id) const noexcept;
    const Service* find_service(std::string_view id) const noexcept;
    /// Of a connection that is made now.
    YamuxConfig yamux() const;
    /// What identify tells a peer that is seen at `remote`.
    IdentifyInfo describe(const Multiaddr& remote) const;
};

}  // namespace sotto::libp2p
