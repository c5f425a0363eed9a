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
constexpr int kLimitExceeded = -32005;  // EIP-1474
constexpr std::size_t kMaxMethodName = 2048;

std::string error_reply(const json::value& id, int code, std::string_view message) {
    return json::serialize(
        json::object{{"jsonrpc", "2.0"}, {"id", id}, {"error", {{"code", code}, {"message", message}}}});
}

std::string result_reply(const json::value& id, json::value result) {
    json::object reply{{"jsonrpc", "2.0"}, {"id", id}};
    reply["result"] = std::move(result);
    return json::serialize(reply);
}

std::string_view namespace_of(std::string_view method) {
    return method.substr(0, method.find_first_of("_."));
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

/// How many values a text may have, no matter whether it is JSON: each begins with one of these, or is the only one.
std::size_t count_values(std::string_view text) {
    return 1 + static_cast<std::size_t>(
                   std::ranges::count_if(text, [](char c) { return c == ',' || c == '[' || c == '{'; }));
}

}  // namespace

/// What one request makes us hold until it is answered. The first one passes, however large.
class Dispatcher::UnderWay {
  public:
    UnderWay(std::size_t& total, std::size_t most) : total_(total), most_(most) {}
    UnderWay(const UnderWay&) = delete;
    UnderWay& operator=(const UnderWay&) = delete;
    ~UnderWay() { total_ -= bytes_; }

    bool add(std::size_t bytes) noexcept {
        if (total_ > bytes_ && total_ + bytes > most_) return false;
        bytes_ += bytes;
        total_ += bytes;
        return true;
    }

  private:
    std::size_t& total_;
    std::size_t most_;
    std::size_t bytes_ = 0;
};

void Dispatcher::add(std::string name, Method method) {
    counters_.namespaces.try_emplace(std::string(namespace_of(name)));
    methods_.emplace(std::move(name), std::move(method));
}

bool Dispatcher::has_namespace(std::string_view name) const {
    return std::ranges::any_of(methods_, [&](const auto& entry) { return namespace_of(entry.first) == name; });
}

std::vector<std::string> Dispatcher::methods() const {
    std::vector<std::string> names;
    for (const auto& [method, function] : methods_) names.push_back(method);
    return names;
}

std::vector<std::string> Dispatcher::namespaces() const {
    std::vector<std::string> names;
    for (const auto& [method, function] : methods_) {
        const auto name = namespace_of(method);
        if (names.empty() || names.back() != name) names.emplace_back(name);
    }
    return names;
}

std::string Dispatcher::unreadable(std::string_view why) {
    return error_reply(nullptr, kParseError, "parse error: " + std::string(why));
}

std::string Dispatcher::refuse_request(int code, std::string_view message) const {
    ++counters_.invalid;
    return error_reply(nullptr, code, message);
}

std::string Dispatcher::refuse_for_now() const {
    ++counters_.limited;
    return error_reply(
        nullptr, kLimitExceeded, "limit exceeded: too much is under way; wait for answers, then try again");
}

Task<std::string> Dispatcher::handle(std::string_view text, Client& client) const {
    // Two bytes become sixty in memory: "[[],[],…".
    if (count_values(text) > bounds_.values) co_return refuse_request(kParseError, "parse error: too many values");
    json::error_code code;
    json::parse_options options;
    options.max_depth = bounds_.depth;
    UnderWay under_way(under_way_, bounds_.under_way);
    if (!under_way.add(text.size())) co_return refuse_for_now();
    const auto request = json::parse(text, code, {}, options);
    if (code) co_return refuse_request(kParseError, "parse error: " + code.message());
    if (const auto* batch = request.if_array()) co_return co_await handle_batch(*batch, client, under_way);
    co_return co_await handle_one(request, client);
}

Task<std::string> Dispatcher::handle_batch(const json::array& batch, Client& client, UnderWay& under_way) const {
    if (batch.empty()) co_return refuse_request(kInvalidRequest, "empty batch");
    if (const auto most = limits_.rpc_batch; batch.size() > most) {
        co_return refuse_request(kInvalidRequest, "a batch has at most " + std::to_string(most) + " calls");
    }
    std::string replies;
    for (const auto& request : batch) {
        const auto reply = co_await handle_one(request, client);
        if (reply.empty()) continue;
        if (replies.size() + reply.size() > bounds_.reply_bytes)
            co_return error_reply(nullptr, kServerError, "the answer to this batch is too large");
        if (!under_way.add(reply.size())) co_return refuse_for_now();
        replies += (replies.empty() ? '[' : ',') + reply;
    }
    if (!replies.empty()) replies += ']';
    co_return replies;
}

Task<std::string> Dispatcher::handle_one(const json::value& request, Client& client) const {
    const auto call = parse_call(request);
    // What is refused costs as much as what is done.
    if (!client.take_call()) {
        ++counters_.limited;
        co_return error_reply(call ? call->id : nullptr, kLimitExceeded, "limit exceeded: too many calls a second");
    }
    if (!call) co_return refuse_request(kInvalidRequest, "invalid request");
    const auto it = methods_.find(call->method);
    std::string reply;
    if (it == methods_.end()) {
        ++counters_.unknown;
        const auto message = "the method " + escape_json(call->method) + " does not exist/is not available";
        reply = error_reply(call->id, kMethodNotFound, message);
    } else {
        reply = co_await run(it->first, it->second, call->id, call->params, client);
    }
    if (call->notification) co_return std::string();
    co_return reply;
}

Task<std::string> Dispatcher::run(std::string_view name,
                                  const Method& method,
                                  const json::value& id,
                                  const json::array& params,
                                  Client& client) const {
    const auto name_space = namespace_of(name);
    auto& counted = counters_.namespaces.find(name_space)->second;
    if (!may_use(client.rights(), name_space)) {
        ++counted.refused;
        const auto message = std::string(name_space) +
                             " calls need the header 'Authorization: Bearer TOKEN' with the word in DATA_DIR/rpc-token";
        co_return error_reply(id, kServerError, message);
    }
    auto result = co_await method(client, params);
    ++(result ? counted.ok : counted.failed);
    if (result) co_return result_reply(id, std::move(*result));
    const int code = result.error() == Errc::malformed ? kInvalidParams : kServerError;
    const auto& detail = result.error().detail();
    co_return error_reply(id, code, detail.empty() ? result.error().message() : detail);
}

}  // namespace sotto::rpc
