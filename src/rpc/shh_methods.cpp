// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <boost/json.hpp>

#include "rpc/methods.hpp"
#include "rpc/params.hpp"
#include "rpc/shh_json.hpp"

namespace sotto::rpc {
namespace {

using whisper::Whisper;
using Answer = Task<Result<json::value>>;

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
            client.notify(make_notification("shh_subscription", id, {{"result", to_json(*message)}}));
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
