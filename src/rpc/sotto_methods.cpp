// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <boost/json.hpp>

#include "base/escape.hpp"
#include "crypto/hash.hpp"
#include "rpc/methods.hpp"
#include "rpc/params.hpp"

namespace sotto::rpc {
namespace {

using node::Node;
using Answer = Task<Result<json::value>>;

json::value limit_or_null(std::uint64_t limit) {
    return limit == node::Limits::kUnlimited ? json::value(nullptr) : json::value(limit);
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

json::object status(const Node& node, TimePoint start) {
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
    object["pool"] = {{"bytes", whisper.memory},
                      {"envelopes", whisper.messages},
                      {"maxBytes", limit_or_null(node.limits().pool_bytes)}};
    return object;
}

std::string_view state_of(const node::PeerSnapshot& peer) {
    if (peer.suspect) return "suspect";
    return peer.sessions.empty() ? "connecting" : "ok";
}

json::object peer_to_json(const node::PeerSnapshot& peer) {
    const auto& info = peer.info;
    json::object object{{"peerId", peer.identity.id.to_string()},
                        {"network", net::to_string(info.network)},
                        {"direction", info.role == net::Role::listener ? "inbound" : "outbound"},
                        {"security", info.security},
                        {"muxer", text_or_null(info.muxer)},
                        {"agent", printable(info.agent)},
                        {"remoteAddress", info.remote.to_string()},
                        {"ageSeconds", whole_seconds(peer.age)},
                        {"state", state_of(peer)}};
    if (const auto point = peer.identity.key.node_id()) object["enodeId"] = to_hex(*point);
    return object;
}

/// X of the point that a key pair of the node shares with somebody, in hex without a prefix:
/// docs/protocols/chat.md 3.2.
Task<Result<std::string>> shared_secret(whisper::Whisper& shh, const json::array& params) {
    SOTTO_CO_TRY(auto id, string_param(params, 0));
    SOTTO_CO_TRY(const auto key, bytes_param(params, 1));
    const auto point = crypto::secp256k1::parse_point(key);
    if (!point) co_return fail(Errc::malformed, "invalid public key");
    SOTTO_CO_TRY(auto shared, co_await shh.shared_secret(std::move(id), *point));
    auto text = to_hex(shared);
    crypto::wipe(shared);
    co_return text;
}

/// The keys of a chat stay in the node: these two stand in for what the page would need the private key for.
void add_contacts(Dispatcher& dispatcher, whisper::Whisper& shh) {
    dispatcher.add("sotto_contactTopic", [&shh](Client&, const json::array& params) -> Answer {
        SOTTO_CO_TRY(auto secret, co_await shared_secret(shh, params));
        const auto topic = first_bytes<4>(crypto::keccak256(view_of(secret)));
        crypto::wipe(secret);
        if (topic == whisper::Topic{}) co_return fail(Errc::unsupported, "these two keys share a topic of zeros");
        co_return json::value(to_hex_prefixed(topic));
    });
    dispatcher.add("sotto_contactKey", [&shh](Client&, const json::array& params) -> Answer {
        SOTTO_CO_TRY(auto secret, co_await shared_secret(shh, params));
        SOTTO_CO_TRY(const auto id, co_await shh.generate_sym_key_from_password(std::move(secret)));
        co_return json::value(id);
    });
}

}  // namespace

void add_sotto_methods(Dispatcher& dispatcher, Node& node) {
    const auto start = node.env().clock->now();
    dispatcher.add("sotto_status",
                   [&node, start](Client&, const json::array&) -> Answer { co_return status(node, start); });
    dispatcher.add("sotto_peers", [&node](Client&, const json::array&) -> Answer {
        json::array all;
        for (const auto& peer : node.host().peers()) all.push_back(peer_to_json(peer));
        co_return all;
    });
    add_contacts(dispatcher, node.whisper());
}

void add_page_method(Dispatcher& dispatcher, std::function<Result<std::string>()> make_link) {
    dispatcher.add("admin_pageLink", [make_link = std::move(make_link)](Client&, const json::array&) -> Answer {
        SOTTO_CO_TRY(const auto link, make_link());
        co_return json::value(link);
    });
}

}  // namespace sotto::rpc
