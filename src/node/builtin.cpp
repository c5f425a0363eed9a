// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "node/builtin.hpp"

#include "devp2p/upgrader.hpp"
#include "libp2p/upgrader.hpp"
#include "node/interfaces.hpp"
#include "transport/tcp.hpp"

namespace sotto::node {
namespace {

/// The addresses that identify tells a libp2p peer, without /p2p.
std::vector<Multiaddr> announced_addresses(const Host* host) {
    std::vector<Multiaddr> all;
    if (!host) return all;
    for (const auto& listen : host->listen_addresses()) {
        if (net::network_of(listen) != net::Network::libp2p) continue;
        for (auto& address : dialable_addresses(listen)) all.push_back(std::move(address));
    }
    return all;
}

std::unique_ptr<net::Upgrader> libp2p_upgrader(
    Env env, const Config& config, const Identities& identities, const net::ProtocolSpec& shh, Host* const* host) {
    libp2p::Config libp2p{.identity = identities.libp2p, .agent = client_name()};
    libp2p.protocols = {&shh};
    libp2p.serve_perf = config.serve_perf;
    libp2p.serve_echo = config.serve_echo;
    libp2p.listen_addresses = [host] { return announced_addresses(*host); };
    libp2p.inbound_streams = [&limits = config.limits] { return limits.streams_per_connection; };
    return libp2p::make_libp2p_upgrader(env, std::move(libp2p));
}

std::unique_ptr<net::Upgrader> devp2p_upgrader(Env env,
                                               const Config& config,
                                               const Identities& identities,
                                               const net::ProtocolSpec& shh) {
    devp2p::Config devp2p{.identity = identities.devp2p, .client = client_name()};
    devp2p.protocols = {&shh};
    devp2p.outbox_bytes = [&limits = config.limits] { return limits.outbox_bytes; };
    return devp2p::make_rlpx_upgrader(env, std::move(devp2p));
}

}  // namespace

Node::Transports builtin_transports(Env env) {
    Node::Transports transports;
    transports.push_back(transport::make_tcp_transport(env));
    return transports;
}

Result<void> check_listen(const Multiaddr& address) {
    if (transport::can_listen_tcp(address)) return {};
    return fail(Errc::invalid_argument,
                "a node listens on /ip4/IP/tcp/PORT or /ip6/IP/tcp/PORT, for devp2p with /rlpx behind it");
}

Result<void> check_peer(const Multiaddr& address) {
    if (address.peer_id().empty()) return fail(Errc::invalid_argument, "it names no peer: it needs /p2p/<peer id>");
    if (!transport::can_dial_tcp(address)) {
        return fail(Errc::invalid_argument,
                    "a node dials /ip4, /ip6 or /dns with /tcp/PORT, for devp2p /rlpx, and /p2p/<peer id> behind it");
    }
    SOTTO_TRY(const auto peer, crypto::PeerId::decode(address.peer_id()));
    const auto key = peer.public_key();
    if (net::network_of(address) == net::Network::devp2p && !(key && key->node_id())) {
        return fail(Errc::invalid_argument, "on devp2p a peer has a secp256k1 key, this one has another");
    }
    return {};
}

Host::Parts builtin_parts(
    Env env, const Config& config, const Identities& identities, whisper::Whisper& whisper, Host* const* host) {
    Host::Parts parts;
    parts.upgraders.push_back(devp2p_upgrader(env, config, identities, whisper.spec()));
    parts.upgraders.push_back(libp2p_upgrader(env, config, identities, whisper.spec(), host));
    parts.protocols.push_back(&whisper);
    return parts;
}

}  // namespace sotto::node
