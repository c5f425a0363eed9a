// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "messenger/remote.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "base/task_group.hpp"
#include "crypto/hash.hpp"
#include "messenger/posting.hpp"
#include "rpc/params.hpp"
#include "rpc/rpc_client.hpp"

namespace sotto::messenger {
namespace {

namespace json = boost::json;

constexpr Duration kConnectLimit = std::chrono::seconds(10);
constexpr Duration kFirstPause = std::chrono::milliseconds(500);
constexpr Duration kLongestPause = std::chrono::seconds(15);
constexpr Duration kLeaveLimit = std::chrono::seconds(2);
constexpr Duration kPeerPeriod = std::chrono::seconds(2);
constexpr std::size_t kMaxEarly = 1000;

const json::object* object_at(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value ? value->if_object() : nullptr;
}

std::string text_at(const json::object& object, std::string_view name) {
    return rpc::string_field(object, name).value_or(std::string());
}

Result<std::string> text_of(const json::value& value) {
    if (!value.is_string()) return fail(Errc::malformed, "the node's answer is no text");
    return std::string(value.get_string());
}

std::vector<Peer> parse_peers(const json::value& value) {
    std::vector<Peer> peers;
    const auto* all = value.if_array();
    for (const auto& entry : all ? *all : json::array{}) {
        const auto* peer = entry.if_object();
        if (!peer) continue;
        const auto* where = object_at(*peer, "network");
        peers.push_back({text_at(*peer, "transport"),
                         where ? text_at(*where, "remoteAddress") : std::string(),
                         text_at(*peer, "name")});
    }
    return peers;
}

/// What is known without the token: how many.
std::vector<Peer> count_peers(const json::value& count) {
    const auto text = count.is_string() ? std::string(count.get_string()) : std::string("?");
    return {{"", "peers in all: " + text, "(who they are needs the node's token)"}};
}

bool equal(const std::vector<Peer>& a, const std::vector<Peer>& b) {
    return std::ranges::equal(a, b, [](const Peer& x, const Peer& y) {
        return x.network == y.network && x.address == y.address && x.agent == y.agent;
    });
}

/// The one place that knows the node's delivery states.
std::optional<Progress> parse_state(const json::object& state) {
    const auto hash = rpc::bytes_field(state, "hash");
    if (!hash || hash->size() != 32) return std::nullopt;
    Progress progress{.hash = first_bytes<32>(*hash)};
    const auto name = text_at(state, "state");
    if (name == "sent") {
        progress.delivery = Delivery::sent;
        const auto* confirms = state.if_contains("confirms");
        progress.expects_more = !confirms || *confirms == json::value(true);
    } else if (name == "acknowledged" || name == "held") {
        progress.delivery = Delivery::acknowledged;
    } else if (name == "expired" || name == "failed") {
        progress.delivery = Delivery::failed;
        progress.why = text_at(state, "reason");
        if (progress.why.empty()) progress.why = "its time was over before a peer had it";
    } else {
        return std::nullopt;
    }
    return progress;
}

}  // namespace

Remote::Remote(Env env, std::string url, std::string token)
    : env_(env), url_(std::move(url)), token_(std::move(token)), wake_(env.executor) {}

Remote::~Remote() {
    crypto::wipe(identity_);
}

Task<Result<void>> Remote::start(const Secret& identity) {
    identity_ = identity;
    co_return co_await connect_to_node();
}

Task<Result<void>> Remote::connect_to_node() {
    SOTTO_CO_TRY(auto made, co_await Client::connect(env_, url_, token_, Deadline::in(*env_.clock, kConnectLimit)));
    const SharedClient client = std::move(made);
    co_await forget_channel_keys(client);
    numbers_.clear();
    states_id_.clear();
    early_.clear();
    json::array secret{to_hex_prefixed(identity_)};
    SOTTO_CO_TRY(const auto id, co_await client->call("shh_addPrivateKey", std::move(secret)));
    SOTTO_CO_TRY(identity_id_, text_of(id));
    json::array states{"states", json::object{}};
    const auto subscribed = co_await client->call("sotto_subscribe", std::move(states));
    if (subscribed) {
        SOTTO_CO_TRY(states_id_, text_of(*subscribed));
    }
    for (std::size_t number = 0; number < listenings_.size(); ++number) {
        SOTTO_CO_CHECK(co_await subscribe(client, number));
    }
    client_ = client;
    news.emit("connected to the node at " + url_);
    peers_changed.emit();
    co_return Result<void>{};
}

Task<Result<std::size_t>> Remote::listen(Listening listening) {
    const auto number = listenings_.size();
    listenings_.push_back(std::move(listening));
    // While there is no connection it is enough that the next one will know.
    if (const auto client = client_) {
        SOTTO_CO_CHECK(co_await subscribe(client, number));
    }
    co_return number;
}

Task<Result<void>> Remote::subscribe(const SharedClient& client, std::size_t number) {
    const auto listening = listenings_[number];
    json::array topics;
    for (const auto& topic : listening.topics) topics.emplace_back(to_hex_prefixed(topic));
    json::object criteria{{"topics", std::move(topics)}};
    if (listening.key) {
        SOTTO_CO_TRY(const auto id, co_await key_id(client, *listening.key));
        criteria["symKeyID"] = id;
    } else {
        criteria["privateKeyID"] = identity_id_;
    }
    json::array params{"messages", std::move(criteria)};
    SOTTO_CO_TRY(const auto answer, co_await client->call("shh_subscribe", std::move(params)));
    SOTTO_CO_TRY(const auto id, text_of(answer));
    numbers_[id] = number;
    // What came before the node's answer was read.
    const auto early = std::exchange(early_, {});
    for (const auto& params_of_early : early) on_notification(params_of_early);
    co_return Result<void>{};
}

Task<Result<std::string>> Remote::key_id(const SharedClient& client, const SymmetricKey& key) {
    if (const auto known = key_ids_.find(key); known != key_ids_.end()) co_return known->second;
    json::array params{to_hex_prefixed(key)};
    SOTTO_CO_TRY(const auto answer, co_await client->call("shh_addSymKey", std::move(params)));
    SOTTO_CO_TRY(const auto id, text_of(answer));
    co_return key_ids_.emplace(key, id).first->second;
}

Task<Result<Hash256>> Remote::post(Outgoing message) {
    const auto client = client_;
    if (!client) co_return fail(Errc::closed, "there is no connection to the node");
    json::object post{{"sig", identity_id_},
                      {"ttl", kTtl},
                      {"topic", to_hex_prefixed(message.topic)},
                      {"payload", to_hex_prefixed(message.payload)},
                      {"powTime", kPowSeconds},
                      {"powTarget", kPow}};
    if (message.key) {
        SOTTO_CO_TRY(const auto id, co_await key_id(client, *message.key));
        post["symKeyID"] = id;
    } else if (message.recipient) {
        post["pubKey"] = to_hex_prefixed(crypto::secp256k1::uncompressed(*message.recipient));
    }
    json::array params{std::move(post)};
    SOTTO_CO_TRY(const auto answer, co_await client->call("shh_post", std::move(params)));
    SOTTO_CO_TRY(const auto text, text_of(answer));
    const auto hash = from_hex(text);
    if (!hash || hash->size() != 32) co_return fail(Errc::malformed, "the node's answer is no hash");
    if (states_id_.empty()) progress.emit({.hash = first_bytes<32>(*hash), .delivery = Delivery::sent});
    co_return first_bytes<32>(*hash);
}

Task<void> Remote::run() {
    auto pause = kFirstPause;
    while (!stopped_) {
        if (client_) {
            pause = kFirstPause;
            co_await serve();
            continue;
        }
        const auto timer = env_.clock->after(pause, [this] { wake_.notify(); });
        co_await wake_.wait();
        pause = std::min(2 * pause, kLongestPause);
        if (stopped_) break;
        // Why it failed was said when the connection was lost; it may take as long as the node is away.
        static_cast<void>(co_await connect_to_node());
    }
}

Task<void> Remote::serve() {
    const auto client = client_;
    auto body = [&](TaskGroup& group) -> Task<Result<void>> {
        group.spawn(read_notifications(client));
        group.spawn(watch_peers(client));
        while (client_ && !stopped_) co_await wake_.wait();
        if (client_) co_await leave();
        co_return Result<void>{};
    };
    static_cast<void>(co_await with_group(env_, 2, std::ref(body)));
    client_.reset();
}

void Remote::stop() noexcept {
    stopped_ = true;
    wake_.notify();
}

Result<void> Remote::connect(std::string_view) {
    return fail(Errc::unsupported,
                "the node at " + url_ + " chooses its own peers: sotto run --peer ADDR, or its admin_addPeer");
}

/// The node forgets the keys that it was lent.
Task<void> Remote::leave() {
    const auto client = client_;
    const auto timer = env_.clock->after(kLeaveLimit, [&client] { client->close(); });
    json::array identity{identity_id_};
    static_cast<void>(co_await client->call("shh_deleteKeyPair", std::move(identity)));
    co_await forget_channel_keys(client);
}

/// Those of the connection before too: a node that has not restarted still holds them.
Task<void> Remote::forget_channel_keys(SharedClient client) {
    const auto ids = std::exchange(key_ids_, {});
    for (const auto& [key, id] : ids) {
        json::array params{id};
        static_cast<void>(co_await client->call("shh_deleteSymKey", std::move(params)));
    }
}

void Remote::lose(const Error& why) {
    client_.reset();
    peers_.clear();
    news.emit("lost the node at " + url_ + " (" + why.message() + "); connecting again");
    peers_changed.emit();
    wake_.notify();
}

Task<void> Remote::read_notifications(SharedClient client) {
    for (;;) {
        const auto params = co_await client->next_notification();
        if (!params) {
            if (client_ == client && !stopped_) lose(params.error());
            wake_.notify();
            co_return;
        }
        on_notification(*params);
    }
}

void Remote::on_notification(const json::value& params) {
    const auto* object = params.if_object();
    const auto* result = object ? object_at(*object, "result") : nullptr;
    if (!result) return;
    const auto id = text_at(*object, "subscription");
    if (!states_id_.empty() && id == states_id_) {
        if (const auto state = parse_state(*result)) progress.emit(*state);
        return;
    }
    const auto number = numbers_.find(id);
    if (number != numbers_.end()) return on_message(number->second, *result);
    if (early_.size() < kMaxEarly) early_.push_back(params);
}

void Remote::on_message(std::size_t number, const json::object& message) {
    const auto topic = rpc::bytes_field(message, "topic");
    const auto signature = rpc::bytes_field(message, "sig");
    auto payload = rpc::bytes_field(message, "payload");
    if (!topic || topic->size() != 4 || !payload || !signature) return;
    Incoming arrived{number, first_bytes<4>(*topic), std::nullopt, std::move(*payload)};
    if (!signature->empty()) {
        const auto signer = crypto::secp256k1::parse_point(*signature);
        if (!signer) return;
        arrived.signer = *signer;
    }
    incoming.emit(arrived);
}

Task<void> Remote::watch_peers(SharedClient client) {
    for (;;) {
        auto peers = std::vector<Peer>{};
        auto all = co_await client->call("admin_peers", {});
        if (all) {
            peers = parse_peers(*all);
        } else {
            const auto count = co_await client->call("net_peerCount", {});
            if (!count) co_return;  // the connection has gone; the reader says so
            peers = count_peers(*count);
        }
        if (!equal(peers, peers_)) {
            peers_ = std::move(peers);
            peers_changed.emit();
        }
        co_await sleep_for(*env_.clock, kPeerPeriod);
    }
}

}  // namespace sotto::messenger
