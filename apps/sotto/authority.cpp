// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "authority.hpp"

#include "node/interfaces.hpp"

namespace sotto::app {
namespace {

/// Loopback first. Of a listener on one address, that one.
std::vector<std::string> authorities(const rpc::Endpoint& endpoint) {
    const bool v6 = endpoint.address.find(':') != std::string::npos;
    const auto listen = Multiaddr::parse((v6 ? "/ip6/" : "/ip4/") + endpoint.address + "/tcp/1");
    std::vector<std::string> all;
    for (const auto& address : listen ? node::dialable_addresses(*listen) : std::vector<Multiaddr>()) {
        const auto ip = ip_to_string(address.ip());
        all.push_back((v6 ? "[" + ip + "]" : ip) + ":" + std::to_string(endpoint.port));
    }
    // A scope, as in fe80::1%eth0, is no part of a multiaddr.
    if (all.empty())
        all.push_back((v6 ? "[" + endpoint.address + "]" : endpoint.address) + ":" + std::to_string(endpoint.port));
    return all;
}

}  // namespace

std::string local_authority(const rpc::Endpoint& endpoint) {
    return authorities(endpoint).front();
}

std::string page_authority(const rpc::Endpoint& endpoint, const std::vector<std::string>& vhosts) {
    const bool on_all = endpoint.address == "0.0.0.0" || endpoint.address == "::";
    if (on_all && !vhosts.empty()) return vhosts.front() + ":" + std::to_string(endpoint.port);
    const auto all = authorities(endpoint);
    return all[all.size() > 1 ? 1 : 0];
}

}  // namespace sotto::app
