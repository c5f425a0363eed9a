// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <boost/json.hpp>
#include <limits>

#include "rpc/methods.hpp"
#include "rpc/params.hpp"

namespace sotto::rpc {
namespace {

using whisper::Whisper;
using Answer = Task<Result<json::value>>;

constexpr auto kMaxU32 = std::numeric_limits<std::uint32_t>::max();

/// geth's shape of a received message.
json::object to_json(const whisper::ReceivedMessage& message) {
    json::object object{{"ttl", message.ttl},
                        {"timestamp", message.timestamp},
                        {"topic", to_hex_prefixed(message.topic)},
                        {"payload", to_hex_prefixed(message.payload)},
                        {"padding", to_hex_prefixed(message.padding)},
                        {"pow", message.pow},
                        {"hash", to_hex_prefixed(message.hash)}};
    if (message.source) object["sig"] = to_hex_prefixed(crypto::secp256k1::uncompressed(*message.source));
    if (message.recipient) {
        object["recipientPublicKey"] = to_hex_prefixed(crypto::secp256k1::uncompressed(*message.recipient));
    }
    return object;
}

Result<whisper::Topic> parse_topic(BytesView bytes) {
    if (bytes.size() != 4) return fail(Errc::malformed, "invalid topic: 4 bytes are expected");
    return first_bytes<4>(bytes);
}

Result<whisper::Criteria> parse_criteria(const json::object& object) {
    whisper::Criteria criteria;
    SOTTO_TRY(criteria.sym_key_id, string_field(object, "symKeyID"));
    SOTTO_TRY(criteria.private_key_id, string_field(object, "privateKeyID"));
    SOTTO_TRY(criteria.sig, bytes_field(object, "sig"));
    SOTTO_TRY(criteria.min_pow, number_field(object, "minPow"));
    SOTTO_TRY(criteria.allow_p2p, bool_field(object, "allowP2P"));
    const auto* topics = object.if_contains("topics");
    if (!topics || topics->is_null()) return criteria;
    if (!topics->is_array()) return fail(Errc::malformed, "invalid topics: an array is expected");
    for (std::size_t i = 0; i < topics->get_array().size(); ++i) {
        SOTTO_TRY(const auto bytes, bytes_param(topics->get_array(), i));
        SOTTO_TRY(criteria.topics.emplace_back(), parse_topic(bytes));
    }
    return criteria;
}

Result<whisper::NewMessage> parse_message(const json::object& object) {
    whisper::NewMessage message;
    SOTTO_TRY(message.sym_key_id, string_field(object, "symKeyID"));
    SOTTO_TRY(message.public_key, bytes_field(object, "pubKey"));
    SOTTO_TRY(message.sig, string_field(object, "sig"));
    SOTTO_TRY(const auto ttl, uint_field(object, "ttl", kMaxU32));
    SOTTO_TRY(const auto topic, bytes_field(object, "topic"));
    SOTTO_TRY(message.payload, bytes_field(object, "payload"));
    SOTTO_TRY(message.padding, bytes_field(object, "padding"));
    SOTTO_TRY(const auto pow_time, uint_field(object, "powTime", kMaxU32));
    SOTTO_TRY(message.pow_target, number_field(object, "powTarget"));
    SOTTO_TRY(const auto target_peer, string_field(object, "targetPeer"));
    message.ttl = static_cast<std::uint32_t>(ttl);
    message.pow_time = static_cast<std::uint32_t>(pow_time);
    if (!topic.empty()) {
        SOTTO_TRY(message.topic, parse_topic(topic));
    }
    if (!target_peer.empty()) {
        SOTTO_TRY(const auto address, net::parse_address(target_peer));
        SOTTO_TRY(message.target_peer, crypto::PeerId::decode(address.peer_id()));
    }
    return message;
}

json::value boolean(bool value) {
    return json::value(value);
}

void add_settings(Dispatcher& dispatcher, Whisper& shh) {
    dispatcher.add("shh_version", [](Client&, const json::array&) -> Answer { co_return json::value("6.0"); });
    dispatcher.add("shh_info", [&shh](Client&, const json::array&) -> Answer {
        const auto info = shh.info();
        co_return json::object{{"memory", info.memory},
                               {"messages", info.messages},
                               {"minPow", info.min_pow},
                               {"maxMessageSize", info.max_message_size}};
    });
    dispatcher.add("shh_setMaxMessageSize", [&shh](Client&, const json::array& params) -> Answer {
        SOTTO_CO_TRY(const auto size, uint_param(params, 0));
        SOTTO_CO_CHECK(shh.set_max_message_size(size));
        co_return boolean(true);
    });
    dispatcher.add("shh_setMinPoW", [&shh](Client&, const json::array& params) -> Answer {
        SOTTO_CO_TRY(const auto pow, number_param(params, 0));
        SOTTO_CO_CHECK(shh.set_min_pow(pow));
        co_return boolean(true);
    });
    dispatcher.add("shh_setBloomFilter", [&shh](Client&, const json::array& params) -> Answer {
        SOTTO_CO_TRY(const auto bloom, bytes_param(params, 0));
        SOTTO_CO_CHECK(shh.set_bloom(bloom));
        co_return boolean(true);
    });
    dispatcher.add("shh_markTrustedPeer", [&shh](Client&, const json::array& params) -> Answer {
        SOTTO_CO_TRY(const auto text, string_param(params, 0));
        SOTTO_CO_TRY(const auto address, net::parse_address(text));
        SOTTO_CO_TRY(const auto peer, crypto::PeerId::decode(address.peer_id()));
        SOTTO_CO_CHECK(shh.mark_trusted(peer));
        co_return boolean(true);
    });
    dispatcher.add("shh_makeLightClient", [&shh](Client&, const json::array&) -> Answer {
        shh.set_light_client(true);
        co_return boolean(shh.light_client());
    });
    dispatcher.add("shh_cancelLightClient", [&shh](Client&, const json::array&) -> Answer {
        shh.set_light_client(false);
        co_return boolean(!shh.light_client());
    });
}

void add_key_pairs(Dispatcher& dispatcher, Whisper& shh) {
    dispatcher.add("shh_newKeyPair", [&shh](Client&, const json::array&) -> Answer {
        SOTTO_CO_TRY(const auto id, co_await shh.new_key_pair());
        co_return json::value(id);
    });
    dispatcher.add("shh_addPrivateKey", [&shh](Client&, const json::array& params) -> Answer {
        SOTTO_CO_TRY(auto secret, bytes_param(params, 0));
        SOTTO_CO_TRY(const auto id, co_await shh.add_private_key(std::move(secret)));
        co_return json::value(id);
    });
    dispatcher.add("shh_deleteKeyPair", [&shh](Client&, const json::array& params) -> Answer {
        SOTTO_CO_TRY(auto id, string_param(params, 0));
        SOTTO_CO_TRY(const bool deleted, co_await shh.delete_key_pair(std::move(id)));
        co_return boolean(deleted);
    });
    dispatcher.add("shh_hasKeyPair", [&shh](Client&, const json::array& params) -> Answer {
        SOTTO_CO_TRY(auto id, string_param(params, 0));
        const bool has = co_await shh.has_key_pair(std::move(id));
        co_return boolean(has);
    });
    dispatcher.add("shh_getPublicKey", [&shh](Client&, const json::array& params) -> Answer {
        SOTTO_CO_TRY(auto id, string_param(params, 0));
        SOTTO_CO_TRY(const auto key, co_await shh.get_public_key(std::move(id)));
        co_return json::value(to_hex_prefixed(key));
    });
    dispatcher.add("shh_getPrivateKey", [&shh](Client&, const json::array& params) -> Answer {
        SOTTO_CO_TRY(auto id, string_param(params, 0));
        SOTTO_CO_TRY(const auto key, co_await shh.get_private_key(std::move(id)));
        co_return json::value(to_hex_prefixed(key));
    });
}

void add_sym_keys(Dispatcher& dispatcher, Whisper& shh) {
    dispatcher.add("shh_newSymKey", [&shh](Client&, const json::array&) -> Answer {
        SOTTO_CO_TRY(const auto id, shh.new_sym_key());
        co_return json::value(id);
    });
    dispatcher.add("shh_addSymKey", [&shh](Client&, const json::array& params) -> Answer {
        SOTTO_CO_TRY(const auto key, bytes_param(params, 0));
        SOTTO_CO_TRY(const auto id, shh.add_sym_key(key));
        co_return json::value(id);
    });
    dispatcher.add("shh_generateSymKeyFromPassword", [&shh](Client&, const json::array& params) -> Answer {
        SOTTO_CO_TRY(auto password, string_param(params, 0));
        SOTTO_CO_TRY(const auto id, co_await shh.generate_sym_key_from_password(std::move(password)));
        co_return json::value(id);
    });
    dispatcher.add("shh_hasSymKey", [&shh](Client&, const json::array& params) -> Answer {
        SOTTO_CO_TRY(const auto id, string_param(params, 0));
        co_return boolean(shh.has_sym_key(id));
    });
    dispatcher.add("shh_getSymKey", [&shh](Client&, const json::array& params) -> Answer {
        SOTTO_CO_TRY(const auto id, string_param(params, 0));
        SOTTO_CO_TRY(const auto key, shh.get_sym_key(id));
        co_return json::value(to_hex_prefixed(key));
    });
    dispatcher.add("shh_deleteSymKey", [&shh](Client&, const json::array& params) -> Answer {
        SOTTO_CO_TRY(const auto id, string_param(params, 0));
        co_return boolean(shh.delete_sym_key(id));
    });
}

void add_messages(Dispatcher& dispatcher, Whisper& shh) {
    dispatcher.add("shh_post", [&shh](Client&, const json::array& params) -> Answer {
        SOTTO_CO_TRY(const auto* object, object_param(params, 0));
        SOTTO_CO_TRY(auto message, parse_message(*object));
        SOTTO_CO_TRY(const auto hash, co_await shh.post(std::move(message)));
        co_return json::value(to_hex_prefixed(hash));
    });
    dispatcher.add("shh_newMessageFilter", [&shh](Client&, const json::array& params) -> Answer {
        SOTTO_CO_TRY(const auto* object, object_param(params, 0));
        SOTTO_CO_TRY(auto criteria, parse_criteria(*object));
        SOTTO_CO_TRY(const auto id, co_await shh.new_filter(std::move(criteria)));
        co_return json::value(id);
    });
    dispatcher.add("shh_getFilterMessages", [&shh](Client&, const json::array& params) -> Answer {
        SOTTO_CO_TRY(const auto id, string_param(params, 0));
        SOTTO_CO_TRY(const auto messages, shh.get_filter_messages(id));
        json::array all;
        for (const auto& message : messages) all.push_back(to_json(*message));
        co_return all;
    });
    dispatcher.add("shh_deleteMessageFilter", [&shh](Client&, const json::array& params) -> Answer {
        SOTTO_CO_TRY(const auto id, string_param(params, 0));
        SOTTO_CO_CHECK(shh.delete_filter(id));
        co_return boolean(true);
    });
}

std::string notification(const std::string& id, json::object result) {
    json::object params{{"subscription", id}};
    params["result"] = std::move(result);
    json::object message{{"jsonrpc", "2.0"}, {"method", "shh_subscription"}};
    message["params"] = std::move(params);
    return json::serialize(message);
}

void add_subscriptions(Dispatcher& dispatcher, node::Node& node) {
    auto& shh = node.whisper();
    const auto bound = dispatcher.bounds().subscriptions;
    dispatcher.add("shh_subscribe", [&shh, &node, bound](Client& client, const json::array& params) -> Answer {
        if (!client.can_notify()) co_return fail(Errc::unsupported, "notifications not supported");
        SOTTO_CO_TRY(const auto kind, string_param(params, 0));
        if (kind != "messages") co_return fail(Errc::not_found, "no \"" + kind + "\" subscription in shh namespace");
        if (client.subscriptions.size() >= bound) co_return fail(Errc::busy, "too many subscriptions");
        SOTTO_CO_TRY(const auto* object, object_param(params, 1));
        SOTTO_CO_TRY(auto criteria, parse_criteria(*object));
        const auto id = to_hex_prefixed(node.env().random->array<16>());
        auto tell = [&client, id](const whisper::SharedMessage& message) {
            client.notify(notification(id, to_json(*message)));
        };
        SOTTO_CO_TRY(auto subscription, co_await shh.subscribe(std::move(criteria), std::move(tell)));
        client.subscriptions.emplace(id, std::move(subscription));
        co_return json::value(id);
    });
    dispatcher.add("shh_unsubscribe", [](Client& client, const json::array& params) -> Answer {
        SOTTO_CO_TRY(const auto id, string_param(params, 0));
        if (client.subscriptions.erase(id) == 0) co_return fail(Errc::not_found, "subscription not found");
        co_return boolean(true);
    });
}

}  // namespace

void add_shh_methods(Dispatcher& dispatcher, node::Node& node) {
    add_settings(dispatcher, node.whisper());
    add_key_pairs(dispatcher, node.whisper());
    add_sym_keys(dispatcher, node.whisper());
    add_messages(dispatcher, node.whisper());
    add_subscriptions(dispatcher, node);
}

}  // namespace sotto::rpc
