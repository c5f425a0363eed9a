// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <boost/json.hpp>

#include "base/escape.hpp"
#include "crypto/keccak.hpp"
#include "rpc/methods.hpp"
#include "rpc/params.hpp"

namespace sotto::rpc {
namespace {

using node::Node;
using Answer = Task<Result<json::value>>;

std::string ip_and_port(const Multiaddr& address) {
    const auto ip = address.ip();
    if (ip.empty()) return address.to_string();
    const auto host = ip.size() == 16 ? "[" + ip_to_string(ip) + "]" : ip_to_string(ip);
    return host + ":" + std::to_string(address.tcp_port().value_or(0));
}

/// geth's node id: keccak256 of the devp2p public key. Peers without one are named by their peer id.
std::string node_id(const crypto::PublicKey& key, const crypto::PeerId& id) {
    const auto point = key.node_id();
    return point ? to_hex(crypto::keccak256(*point)) : id.to_string();
}

json::object peer_to_json(const node::PeerSnapshot& peer) {
    const auto& info = peer.info;
    json::array caps;
    for (const auto& protocol : info.protocols) caps.emplace_back(printable(protocol));
    json::object protocols;
    for (const auto& session : peer.sessions) protocols[session] = "established";
    json::object object{{"id", node_id(peer.identity.key, peer.identity.id)},
                        {"name", printable(info.agent)},
                        {"caps", std::move(caps)},
                        {"network",
                         {{"localAddress", ip_and_port(info.local)},
                          {"remoteAddress", ip_and_port(info.remote)},
                          {"inbound", info.role == net::Role::listener},
                          {"static", peer.wanted},
                          {"trusted", false}}},
                        {"protocols", std::move(protocols)},
                        {"transport", net::to_string(info.network)},
                        {"peerId", peer.identity.id.to_string()}};
    if (info.network == net::Network::libp2p) {
        object["security"] = info.security;
        object["muxer"] = info.muxer;
    }
    return object;
}

json::object node_info(const Node& node) {
    std::uint16_t port = 0;
    std::string listen;
    for (const auto& address : node.host().listen_addresses()) {
        if (net::network_of(address) != net::Network::devp2p || port != 0) continue;
        port = address.tcp_port().value_or(0);
        listen = ip_and_port(address);
    }
    const auto& key = node.identities().devp2p.public_key();
    const auto enode = node.enode();
    const auto multiaddrs = node.multiaddrs();
    const auto at = enode.find('@');
    const auto ip = at == std::string::npos ? std::string() : enode.substr(at + 1, enode.rfind(':') - at - 1);
    return {{"id", node_id(key, crypto::PeerId(key))},
            {"enode", enode},
            {"ip", ip},
            {"listenAddr", listen},
            {"name", node::client_name()},
            {"ports", {{"discovery", 0}, {"listener", port}}},
            {"protocols", {{"shh", {{"version", "6.0"}, {"minimumPoW", node.whisper().info().min_pow}}}}},
            {"peerId", crypto::PeerId(node.identities().libp2p.public_key()).to_string()},
            {"multiaddrs", json::array(multiaddrs.begin(), multiaddrs.end())}};
}

void add_admin(Dispatcher& dispatcher, Node& node) {
    dispatcher.add("admin_nodeInfo", [&node](Client&, const json::array&) -> Answer { co_return node_info(node); });
    dispatcher.add("admin_peers", [&node](Client&, const json::array&) -> Answer {
        json::array all;
        for (const auto& peer : node.host().peers()) all.push_back(peer_to_json(peer));
        co_return all;
    });
    dispatcher.add("admin_addPeer", [&node](Client&, const json::array& params) -> Answer {
        SOTTO_CO_TRY(const auto text, string_param(params, 0));
        SOTTO_CO_TRY(const auto address, net::parse_address(text));
        SOTTO_CO_CHECK(node.host().add_peer(address));
        co_return json::value(true);
    });
    dispatcher.add("admin_removePeer", [&node](Client&, const json::array& params) -> Answer {
        SOTTO_CO_TRY(const auto text, string_param(params, 0));
        SOTTO_CO_TRY(const auto address, net::parse_address(text));
        SOTTO_CO_TRY(const auto peer, crypto::PeerId::decode(address.peer_id()));
        node.host().remove_peer(peer);
        co_return json::value(true);
    });
}

}  // namespace

void add_node_methods(Dispatcher& dispatcher, Node& node) {
    dispatcher.add("net_version", [](Client&, const json::array&) -> Answer { co_return json::value("1"); });
    dispatcher.add("net_listening", [&node](Client&, const json::array&) -> Answer {
        co_return json::value(!node.host().listen_addresses().empty());
    });
    dispatcher.add("net_peerCount", [&node](Client&, const json::array&) -> Answer {
        char text[24];
        std::snprintf(text, sizeof text, "0x%zx", node.host().peer_count());
        co_return json::value(text);
    });
    dispatcher.add("web3_clientVersion",
                   [](Client&, const json::array&) -> Answer { co_return json::value(node::client_name()); });
    dispatcher.add("web3_sha3", [](Client&, const json::array& params) -> Answer {
        SOTTO_CO_TRY(const auto bytes, bytes_param(params, 0));
        co_return json::value(to_hex_prefixed(crypto::keccak256(bytes)));
    });
    dispatcher.add("rpc_modules", [&dispatcher](Client&, const json::array&) -> Answer {
        json::object modules;
        for (const auto& name : dispatcher.namespaces()) modules[name] = name == "shh" ? "6.0" : "1.0";
        co_return modules;
    });
    add_admin(dispatcher, node);
}

}  // namespace sotto::rpc
