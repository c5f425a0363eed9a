// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <boost/json.hpp>

#include "rpc/methods.hpp"

namespace sotto::rpc {
namespace {

using node::Node;
using Answer = Task<Result<json::value>>;

json::value limit_or_null(std::uint64_t limit) {
    return limit == node::Limits::kUnlimited ? json::value(nullptr) : json::value(limit);
}

json::value text_or_null(const std::string& text) {
    return text.empty() ? json::value(nullptr) : json::value(text);
}

std::uint64_t whole_seconds(Duration duration) {
    return static_cast<std::uint64_t>(std::chrono::floor<std::chrono::seconds>(duration).count());
}

json::object to_json(const whisper::Counters& counters) {
    return {{"accepted", counters.accepted},
            {"duplicates", counters.duplicates},
            {"refused", counters.refused},
            {"tooLarge", counters.too_large},
            {"badTtl", counters.bad_ttl},
            {"fromFuture", counters.from_future},
            {"expired", counters.expired},
            {"lowPow", counters.low_pow},
            {"bloomMismatch", counters.bloom_mismatch},
            {"poolFull", counters.pool_full},
            {"sent", counters.sent},
            {"messages", counters.messages},
            {"dropped", counters.dropped},
            {"evicted", counters.evicted}};
}

json::object status(const Node& node, TimePoint start, const node::Limits& limits) {
    const auto whisper = node.whisper().info();
    const auto host = node.host().counters();
    const auto &rlpx = host.of(net::Network::devp2p).traffic, &libp2p = host.of(net::Network::libp2p).traffic;
    json::object object{{"version", SOTTO_VERSION},
                        {"uptimeSeconds", whole_seconds(node.env().clock->now() - start)},
                        {"enode", text_or_null(node.enode())},
                        {"peerId", crypto::PeerId(node.identities().libp2p.public_key()).to_string()},
                        {"counters", to_json(node.whisper().counters())},
                        {"bytesIn", rlpx.in + libp2p.in},
                        {"bytesOut", rlpx.out + libp2p.out}};
    object["pool"] = {
        {"bytes", whisper.memory}, {"envelopes", whisper.messages}, {"maxBytes", limit_or_null(limits.pool_bytes)}};
    return object;
}

json::object peer_to_json(const node::PeerSnapshot& peer) {
    const auto& info = peer.info;
    json::object object{{"peerId", peer.identity.id.to_string()},
                        {"network", net::to_string(info.network)},
                        {"direction", info.role == net::Role::listener ? "inbound" : "outbound"},
                        {"security", info.security},
                        {"muxer", text_or_null(info.muxer)},
                        {"agent", info.agent},
                        {"remoteAddress", info.remote.to_string()},
                        {"ageSeconds", whole_seconds(peer.age)},
                        {"state", peer.sessions.empty() ? "connecting" : "ok"}};
    if (const auto point = peer.identity.key.node_id()) object["enodeId"] = to_hex(*point);
    return object;
}

}  // namespace

void add_sotto_methods(Dispatcher& dispatcher, Node& node, const node::Limits& limits) {
    const auto start = node.env().clock->now();
    dispatcher.add("sotto_status", [&node, &limits, start](Client&, const json::array&) -> Answer {
        co_return status(node, start, limits);
    });
    dispatcher.add("sotto_peers", [&node](Client&, const json::array&) -> Answer {
        json::array all;
        for (const auto& peer : node.host().peers()) all.push_back(peer_to_json(peer));
        co_return all;
    });
}

}  // namespace sotto::rpc
