// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/shhext_methods.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "rpc/params.hpp"
#include "rpc/processed.hpp"
#include "rpc/shh_json.hpp"

namespace sotto::rpc {
namespace {

using Answer = Task<Result<json::value>>;
using SharedProcessed = std::shared_ptr<ProcessedMessages>;
using Id = ProcessedMessages::Id;

Result<const json::array*> array_param(const json::array& params) {
    if (params.empty() || !params[0].is_array())
        return fail(Errc::malformed, "invalid argument 0: an array is expected");
    return &params[0].get_array();
}

Result<Id> parse_id(const json::array& ids, std::size_t index) {
    SOTTO_TRY(const auto bytes, bytes_param(ids, index));
    if (bytes.size() != Id().size()) return fail(Errc::malformed, "invalid id: 32 bytes are expected");
    return first_bytes<32>(bytes);
}

Result<Id> id_of_message(const json::array& messages, std::size_t index) {
    SOTTO_TRY(const auto* message, object_param(messages, index));
    SOTTO_TRY(const auto payload, bytes_field(*message, "payload"));
    SOTTO_TRY(const auto topic, bytes_field(*message, "topic"));
    return ProcessedMessages::id_of(payload, topic);
}

/// Either all are taken or, where one is wrong, none.
Result<void> confirm(ProcessedMessages& processed,
                     const json::array& params,
                     TimePoint now,
                     Result<Id> (*parse)(const json::array&, std::size_t)) {
    SOTTO_TRY(const auto* all, array_param(params));
    std::vector<Id> ids;
    for (std::size_t i = 0; i < all->size(); ++i) {
        SOTTO_TRY(ids.emplace_back(), parse(*all, i));
    }
    for (const auto& id : ids) processed.add(id, now);
    return {};
}

Result<json::value> new_messages(node::Node& node, ProcessedMessages& processed, const std::string& filter) {
    SOTTO_TRY(const auto messages, node.whisper().get_filter_messages(filter));
    const auto now = node.env().clock->now();
    json::array fresh;
    for (const auto& message : messages) {
        const auto id = ProcessedMessages::id_of(message->payload, message->topic);
        if (processed.contains(id, now)) continue;
        fresh.push_back(json::object{{"id", to_hex_prefixed(id)}, {"message", to_json(*message)}});
    }
    return fresh;
}

}  // namespace

ByteArray<32> status_message_id(BytesView payload, BytesView topic) {
    constexpr std::uint32_t kOffset = 2166136261;
    constexpr std::uint32_t kPrime = 16777619;
    std::uint32_t hash = kOffset;
    for (const auto part : {payload, topic}) {
        for (const auto byte : part) hash = (hash * kPrime) ^ byte;
    }
    ByteArray<32> id{};
    for (std::size_t i = 0; i < 4; ++i) id[31 - i] = static_cast<std::uint8_t>(hash >> (8 * i));
    return id;
}

void add_shhext_methods(Dispatcher& dispatcher, node::Node& node) {
    const auto processed = std::make_shared<ProcessedMessages>();
    dispatcher.add("shhext_post", [&node](Client&, const json::array& params) -> Answer {
        SOTTO_CO_TRY(const auto* object, object_param(params, 0));
        SOTTO_CO_TRY(auto message, parse_message(*object));
        const auto id = status_message_id(message.payload, message.topic);
        SOTTO_CO_TRY(const auto hash, co_await node.whisper().post(std::move(message)));
        (void)hash;
        co_return json::value(to_hex_prefixed(id));
    });
    dispatcher.add("shhext_getNewFilterMessages", [&node, processed](Client&, const json::array& params) -> Answer {
        SOTTO_CO_TRY(const auto filter, string_param(params, 0));
        co_return new_messages(node, *processed, filter);
    });
    dispatcher.add("shhext_confirmMessagesProcessed", [&node, processed](Client&, const json::array& params) -> Answer {
        SOTTO_CO_CHECK(confirm(*processed, params, node.env().clock->now(), id_of_message));
        co_return json::value(nullptr);
    });
    dispatcher.add("shhext_confirmMessagesProcessedByID",
                   [&node, processed](Client&, const json::array& params) -> Answer {
                       SOTTO_CO_CHECK(confirm(*processed, params, node.env().clock->now(), parse_id));
                       co_return json::value(nullptr);
                   });
}

}  // namespace sotto::rpc
