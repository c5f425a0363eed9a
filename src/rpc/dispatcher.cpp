// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/dispatcher.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

#include "base/escape.hpp"

namespace sotto::rpc {
namespace {

constexpr int kParseError = -32700;
constexpr int kInvalidRequest = -32600;
constexpr int kMethodNotFound = -32601;
constexpr int kInvalidParams = -32602;
constexpr int kServerError = -32000;
constexpr std::size_t kMaxMethodName = 2048;

json::value error_reply(const json::value& id, int code, std::string_view message) {
    return {{"jsonrpc", "2.0"}, {"id", id}, {"error", {{"code", code}, {"message", message}}}};
}

json::value result_reply(const json::value& id, json::value result) {
    json::object reply{{"jsonrpc", "2.0"}, {"id", id}};
    reply["result"] = std::move(result);
    return reply;
}

std::string_view namespace_of(std::string_view method) {
    return method.substr(0, method.find('_'));
}

/// A call of JSON-RPC 2.0, checked.
struct Call {
    json::value id;
    bool notification = false;
    std::string_view method;
    json::array params;
};

/// Nothing: not a valid request object.
std::optional<Call> parse_call(const json::value& request) {
    const auto* object = request.if_object();
    if (!object) return std::nullopt;
    Call call;
    const auto* id = object->if_contains("id");
    call.notification = id == nullptr;
    if (id) {
        if (!id->is_string() && !id->is_number() && !id->is_null()) return std::nullopt;
        // 1e999: no JSON could say it back.
        if (id->is_double() && !std::isfinite(id->get_double())) return std::nullopt;
        call.id = *id;
    }
    const auto* version = object->if_contains("jsonrpc");
    const auto* method = object->if_contains("method");
    if (!version || *version != "2.0" || !method || !method->is_string()) return std::nullopt;
    call.method = method->get_string();
    if (call.method.size() > kMaxMethodName) return std::nullopt;
    const auto* params = object->if_contains("params");
    if (!params || params->is_null()) return call;
    // Named parameters are one object: what the methods here take as their first.
    if (params->is_array()) {
        call.params = params->get_array();
    } else if (params->is_object()) {
        call.params.push_back(*params);
    } else {
        return std::nullopt;
    }
    return call;
}

}  // namespace

void Dispatcher::add(std::string name, Method method) {
    methods_.emplace(std::move(name), std::move(method));
}

bool Dispatcher::has_namespace(std::string_view name) const {
    return std::ranges::any_of(methods_, [&](const auto& entry) { return namespace_of(entry.first) == name; });
}

std::vector<std::string> Dispatcher::namespaces() const {
    std::vector<std::string> names;
    for (const auto& [method, function] : methods_) {
        const auto name = namespace_of(method);
        if (names.empty() || names.back() != name) names.emplace_back(name);
    }
    return names;
}

Task<std::string> Dispatcher::handle(std::string_view text, Client& client) const {
    json::error_code code;
    json::parse_options options;
    options.max_depth = bounds_.depth;
    const auto request = json::parse(text, code, {}, options);
    json::value reply;
    if (code) {
        reply = error_reply(nullptr, kParseError, "parse error: " + code.message());
    } else {
        reply = co_await handle_value(request, client);
    }
    if (reply.is_null()) co_return std::string();
    co_return json::serialize(reply);
}

Task<json::value> Dispatcher::handle_value(const json::value& request, Client& client) const {
    if (const auto* batch = request.if_array()) co_return co_await handle_batch(*batch, client);
    co_return co_await handle_one(request, client);
}

Task<json::value> Dispatcher::handle_batch(const json::array& batch, Client& client) const {
    if (batch.empty()) co_return error_reply(nullptr, kInvalidRequest, "empty batch");
    if (batch.size() > bounds_.batch) {
        co_return error_reply(
            nullptr, kInvalidRequest, "a batch has at most " + std::to_string(bounds_.batch) + " calls");
    }
    json::array replies;
    std::size_t bytes = 0;
    for (const auto& request : batch) {
        auto reply = co_await handle_one(request, client);
        if (reply.is_null()) continue;
        bytes += json::serialize(reply).size();
        if (bytes > bounds_.reply_bytes)
            co_return error_reply(nullptr, kServerError, "the answer to this batch is too large");
        replies.push_back(std::move(reply));
    }
    if (replies.empty()) co_return nullptr;
    co_return replies;
}

Task<json::value> Dispatcher::handle_one(const json::value& request, Client& client) const {
    const auto call = parse_call(request);
    if (!call) co_return error_reply(nullptr, kInvalidRequest, "invalid request");
    const auto it = methods_.find(call->method);
    json::value reply;
    if (it == methods_.end()) {
        const auto message = "the method " + escape_json(call->method) + " does not exist/is not available";
        reply = error_reply(call->id, kMethodNotFound, message);
    } else if (const auto name_space = namespace_of(call->method); !may_use(client.rights(), name_space)) {
        const auto message = std::string(name_space) +
                             " calls need the header 'Authorization: Bearer TOKEN' with the word in DATA_DIR/rpc-token";
        reply = error_reply(call->id, kServerError, message);
    } else {
        auto result = co_await it->second(client, call->params);
        if (result) {
            reply = result_reply(call->id, std::move(*result));
        } else {
            const int code = result.error() == Errc::malformed ? kInvalidParams : kServerError;
            const auto& detail = result.error().detail();
            reply = error_reply(call->id, code, detail.empty() ? result.error().message() : detail);
        }
    }
    if (call->notification) co_return nullptr;
    co_return reply;
}

}  // namespace sotto::rpc
