// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/health.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

#include "whisper/clock_check.hpp"

namespace sotto::rpc {
namespace {

namespace json = boost::json;

/// As the alert rules of packaging/monitoring have it.
constexpr Duration kLateLoop = std::chrono::milliseconds(250);
constexpr double kNearlyFull = 0.9;

bool nearly_full(std::size_t used, std::uint64_t limit) {
    return static_cast<double>(used) > kNearlyFull * static_cast<double>(limit);
}

json::array find_problems(const node::Node& node, const LoopLag& lag) {
    json::array problems;
    const auto& limits = node.limits();
    const auto info = node.whisper().info();
    if (info.peers == 0 && node.host().counters().wanted > 0) {
        problems.push_back("no peer is connected: check the network and the addresses given with --peer");
    }
    if (nearly_full(info.memory, limits.pool_bytes) || nearly_full(info.messages, limits.pool_envelopes)) {
        problems.push_back("the pool is nearly full: raise pool-bytes and pool-envelopes, or --min-pow");
    }
    if (std::abs(info.clock_offset.value_or(0)) > whisper::kClockTolerance) {
        problems.push_back("the clock is off by what peers say: set it (NTP)");
    }
    if (lag.latest() > kLateLoop) problems.push_back("the event loop is late: the machine is too busy");
    return problems;
}

}  // namespace

std::string render_health(const node::Node& node, const LoopLag& lag) {
    const auto peers = node.host().peers();
    const auto count = [&](net::Network network) {
        return std::ranges::count(peers, network, [](const auto& peer) { return peer.info.network; });
    };
    const bool talks = node.whisper().info().peers > 0;
    auto problems = find_problems(node, lag);
    const json::object health{
        {"status", "ok"},
        {"nodeHealth", problems.empty() ? "ready" : "degraded"},
        {"connectionStatus", talks ? "connected" : "disconnected"},
        {"peers", peers.size()},
        {"peersByNetwork", {{"devp2p", count(net::Network::devp2p)}, {"libp2p", count(net::Network::libp2p)}}},
        {"protocolsHealth", json::array{json::object{{"shh", talks ? "ready" : "not ready"}}}},
        {"problems", std::move(problems)}};
    return json::serialize(health);
}

}  // namespace sotto::rpc
