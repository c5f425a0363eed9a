// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/event_methods.hpp"

#include <boost/json.hpp>

#include "base/escape.hpp"
#include "rpc/params.hpp"
#include "rpc/shh_json.hpp"

namespace sotto::rpc {
namespace {

using node::Node;
using node::PeerEvent;
using Answer = Task<Result<json::value>>;

constexpr std::string_view kNotification = "sotto_subscription";
constexpr std::size_t kMaxHashes = 100;

/// Made in room of its own: connections come and go by the thousand, and a malloc for each part would cost the most.
void log_peer(EventLog& log, std::initializer_list<std::pair<json::string_view, json::value_ref>> fields) {
    std::array<unsigned char, 2048> room;
    json::monotonic_resource memory(room.data(), room.size());
    log.add(EventKind::peers, json::object(fields, &memory), {});
}

json::value reason_of(const std::optional<Error>& reason) {
    return reason ? json::value(printable(reason->message())) : json::value(nullptr);
}

Result<std::string> hash_of(std::string text) {
    const auto bytes = from_hex(text);
    if (bytes && bytes->size() == whisper::Hash{}.size()) return to_hex_prefixed(*bytes);
    return fail(Errc::malformed, "invalid hash: 0x and 64 hex digits are expected");
}

/// {"hash": "0x…"} or {"hashes": ["0x…", …]}; absent: all.
Result<std::vector<std::string>> parse_hashes(const json::array& params) {
    std::vector<std::string> hashes;
    if (params.size() < 2 || params[1].is_null()) return hashes;
    SOTTO_TRY(const auto* object, object_param(params, 1));
    SOTTO_TRY(auto one, string_field(*object, "hash"));
    if (!one.empty()) {
        SOTTO_TRY(hashes.emplace_back(), hash_of(std::move(one)));
    }
    const auto* more = object->if_contains("hashes");
    if (!more || more->is_null()) return hashes;
    if (!more->is_array() || more->get_array().size() > kMaxHashes) {
        return fail(Errc::malformed, "invalid hashes: an array of at most 100 is expected");
    }
    for (std::size_t i = 0; i < more->get_array().size(); ++i) {
        SOTTO_TRY(auto text, string_param(more->get_array(), i));
        SOTTO_TRY(hashes.emplace_back(), hash_of(std::move(text)));
    }
    return hashes;
}

void tell(Client& client, const std::string& id, const EventLog& log, const LoggedEvent& event) {
    client.notify(make_notification(
        kNotification, id, {{"event", log.id_of(event.number)}, {"result", json::parse(event.data)}}));
}

Subscription follow(Client& client, const std::string& id, EventLog& log, EventFilter filter) {
    return log.added().subscribe([&client, &log, id, filter = std::move(filter)](std::uint64_t number) {
        const auto* event = log.next(number - 1);
        if (event && event->number == number && filter.wants(*event)) tell(client, id, log, *event);
    });
}

Task<Result<Subscription>> subscribe(
    Client& client, std::string id, const json::array& params, Node& node, EventLog& log) {
    SOTTO_CO_TRY(const auto name, string_param(params, 0));
    const auto kind = parse_event_kind(name);
    if (!kind) co_return fail(Errc::not_found, "no \"" + name + "\" subscription in sotto namespace");
    if (*kind == EventKind::messages) {
        SOTTO_CO_TRY(const auto* object, object_param(params, 1));
        SOTTO_CO_TRY(auto criteria, parse_criteria(*object));
        auto pass_on = [&client, id](const whisper::SharedMessage& message) {
            client.notify(make_notification(kNotification, id, {{"result", rpc::to_json(*message)}}));
        };
        co_return co_await node.whisper().subscribe(std::move(criteria), std::move(pass_on));
    }
    EventFilter filter;
    filter.kinds[static_cast<std::size_t>(*kind)] = true;
    SOTTO_CO_TRY(filter.hashes, parse_hashes(params));
    co_return follow(client, id, log, std::move(filter));
}

}  // namespace

void add_event_methods(Dispatcher& dispatcher, Node& node, EventLog& log) {
    const auto bound = dispatcher.bounds().subscriptions;
    dispatcher.add("sotto_subscribe", [&node, &log, bound](Client& client, const json::array& params) -> Answer {
        if (!client.can_notify()) co_return fail(Errc::unsupported, "notifications not supported");
        if (client.subscriptions.size() >= bound) co_return fail(Errc::busy, "too many subscriptions");
        const auto id = to_hex_prefixed(node.env().random->array<16>());
        SOTTO_CO_TRY(auto subscription, co_await subscribe(client, id, params, node, log));
        client.subscriptions.emplace(id, std::move(subscription));
        co_return json::value(id);
    });
    dispatcher.add("sotto_unsubscribe", [](Client& client, const json::array& params) -> Answer {
        SOTTO_CO_TRY(const auto id, string_param(params, 0));
        if (client.subscriptions.erase(id) == 0) co_return fail(Errc::not_found, "subscription not found");
        co_return json::value(true);
    });
}

Subscription log_peers(EventLog& log, Node& node) {
    const auto& clock = *node.env().clock;
    return node.host().events().subscribe([&log, &clock](const PeerEvent& event) {
        const bool connected = event.kind == PeerEvent::Kind::connected;
        log_peer(log,
                 {{"event", connected ? "connected" : "disconnected"},
                  {"time", clock.wall().milliseconds()},
                  {"peerId", event.peer.to_string()},
                  {"transport", net::to_string(event.network)},
                  {"inbound", event.role == net::Role::listener},
                  {"address", event.remote.to_string()},
                  {"protocol", event.protocol},
                  {"reason", reason_of(event.reason)}});
    });
}

Subscription log_peer_states(EventLog& log, Node& node) {
    const auto& clock = *node.env().clock;
    return node.host().states().subscribe([&log, &clock](const node::PeerStateEvent& event) {
        log_peer(log,
                 {{"event", "state"},
                  {"state", node::to_string(event.state)},
                  {"time", clock.wall().milliseconds()},
                  {"peerId", event.peer.to_string()},
                  {"transport", net::to_string(event.network)},
                  {"address", event.remote.to_string()},
                  {"reason", reason_of(event.reason)}});
    });
}

Result<void> log_messages(EventLog& log, whisper::Whisper& shh, const std::string& filter) {
    SOTTO_TRY(const auto messages, shh.get_filter_messages(filter));
    for (const auto& message : messages) {
        auto data = to_json(*message);
        data["filter"] = filter;
        log.add(EventKind::messages, data, filter);
    }
    return {};
}

}  // namespace sotto::rpc
