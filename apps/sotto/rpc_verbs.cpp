// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cstdio>

#include "base/escape.hpp"
#include "base/loop.hpp"
#include "chat/channel.hpp"
#include "chat/payload.hpp"
#include "messenger/posting.hpp"
#include "node/config.hpp"
#include "rpc/rpc_client.hpp"
#include "token.hpp"
#include "verbs.hpp"

namespace sotto::app {
namespace {

namespace json = boost::json;
using Client = rpc::RpcClient;

constexpr Duration kConnectLimit = std::chrono::seconds(10);

struct Target {
    std::string url;
    std::string token;
};

/// Whether there is a node's socket that would let us in.
bool is_our_socket(const std::filesystem::path& path) {
    struct stat status = {};
    return ::lstat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode) && status.st_uid == ::geteuid();
}

/// The node of --rpc, else the one that runs on the data directory: by its socket where it has one, else by HTTP. A
/// socket at which nobody answers was left by a killed node, and who listens at its port now may be anybody.
Result<Target> find_node(const RpcOptions& options, const Environment& environment) {
    node::RawSettings flags;
    if (options.data_dir) flags["data-dir"] = {{*options.data_dir}, "--data-dir"};
    SOTTO_TRY(const auto config, node::load_config(std::move(flags), environment));
    if (options.url) {
        return Target{*options.url, token_for(*options.url, config.data_dir, options.data_dir.has_value())};
    }
    if (is_our_socket(config.ipc)) return Target{"ipc:" + config.ipc.string(), {}};
    if (auto url = read_url(config.data_dir)) {
        auto token = token_for(*url, config.data_dir, true);
        return Target{std::move(*url), std::move(token)};
    }
    return fail(
        Errc::not_found,
        "no node runs on " + config.data_dir.string() + "; start one with: sotto run, or name its RPC with --rpc URL");
}

Task<Result<std::unique_ptr<Client>>> connect(Env env, const RpcOptions& options, const Environment& environment) {
    SOTTO_CO_TRY(const auto target, find_node(options, environment));
    co_return co_await Client::connect(env, target.url, target.token, Deadline::in(*env.clock, kConnectLimit));
}

std::string topic_text(const std::string& channel) {
    return to_hex_prefixed(chat::channel_topic(channel));
}

Task<Result<json::value>> channel_key(Client& client, const std::string& channel) {
    json::array params{channel};
    co_return co_await client.call("shh_generateSymKeyFromPassword", std::move(params));
}

/// A node holds only so many keys, and nobody else would delete this one.
Task<Result<void>> forget_key(Client& client, std::string method, json::value id) {
    json::array params{std::move(id)};
    SOTTO_CO_CHECK(co_await client.call(method, std::move(params)));
    co_return Result<void>{};
}

void print_json(const json::value& value) {
    fmt::print("{}\n", escape_controls(json::serialize(value)));
}

/// A text that the node has answered.
void print_line(const json::value& text) {
    fmt::print("{}\n", text.is_string() ? printable(std::string_view(text.get_string())) : std::string());
}

Task<Result<void>> send(
    Env env, const RpcOptions& options, std::string channel, std::string text, const Environment& environment) {
    const auto now = env.clock->wall().milliseconds();
    SOTTO_CO_TRY(const auto payload,
                 chat::encode_message({.text = text, .nick = {}, .clock = now * 100, .milliseconds = now}));
    SOTTO_CO_TRY(const auto client, co_await connect(env, options, environment));
    SOTTO_CO_TRY(const auto key, co_await channel_key(*client, channel));
    SOTTO_CO_TRY(const auto pair, co_await client->call("shh_newKeyPair", {}));
    json::array params{json::object{{"symKeyID", key},
                                    {"sig", pair},
                                    {"ttl", messenger::kTtl},
                                    {"topic", topic_text(channel)},
                                    {"payload", to_hex_prefixed(payload)},
                                    {"powTime", messenger::kPowSeconds},
                                    {"powTarget", messenger::kPow}}};
    const auto hash = co_await client->call("shh_post", std::move(params));
    SOTTO_CO_CHECK(co_await forget_key(*client, "shh_deleteKeyPair", pair));
    SOTTO_CO_CHECK(co_await forget_key(*client, "shh_deleteSymKey", key));
    if (!hash) co_return fail(hash.error());
    print_line(*hash);
    co_return Result<void>{};
}

/// One JSON line for scripts: what the channel says, and who.
void print_message(const json::value& params) {
    const auto* result = params.is_object() ? params.get_object().if_contains("result") : nullptr;
    const auto* payload = result && result->is_object() ? result->get_object().if_contains("payload") : nullptr;
    if (!payload || !payload->is_string()) return;
    const auto bytes = from_hex(std::string_view(payload->get_string()));
    const auto message = bytes ? chat::decode_message(*bytes) : fail(Errc::malformed);
    if (!message || message->kind != chat::Kind::channel) return;
    const auto& object = result->get_object();
    const auto field = [&](const char* name) { return object.contains(name) ? object.at(name) : json::value(nullptr); };
    const json::object line{{"text", message->text},
                            {"nick", message->nick.empty() ? json::value(nullptr) : json::value(message->nick)},
                            {"milliseconds", message->milliseconds},
                            {"hash", field("hash")},
                            {"sig", field("sig")}};
    print_json(line);
    std::fflush(stdout);
}

Task<Result<void>> listen(Env env, const RpcOptions& options, std::string channel, const Environment& environment) {
    SOTTO_CO_TRY(const auto client, co_await connect(env, options, environment));
    SOTTO_CO_TRY(const auto key, co_await channel_key(*client, channel));
    json::array params{"messages", json::object{{"symKeyID", key}, {"topics", json::array{topic_text(channel)}}}};
    SOTTO_CO_CHECK(co_await client->call("shh_subscribe", std::move(params)));
    // The subscription has the key by now.
    SOTTO_CO_CHECK(co_await forget_key(*client, "shh_deleteSymKey", key));
    fmt::print(stderr, "listening to #{}; Ctrl-C ends it\n", channel);
    for (;;) {
        SOTTO_CO_TRY(const auto message, co_await client->next_notification());
        print_message(message);
    }
}

std::string text_at(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value && value->is_string() ? printable(std::string_view(value->get_string())) : std::string();
}

void print_table(const json::array& peers) {
    fmt::print("{:<8} {:<4} {:<24} {:<30} {}\n", "NETWORK", "WAY", "ADDRESS", "AGENT", "PEER");
    for (const auto& value : peers) {
        if (!value.is_object()) continue;
        const auto& peer = value.get_object();
        const auto* network = peer.if_contains("network");
        const json::object nothing;
        const auto& where = network && network->is_object() ? network->get_object() : nothing;
        const auto* inbound = where.if_contains("inbound");
        fmt::print("{:<8} {:<4} {:<24} {:<30} {}\n",
                   text_at(peer, "transport"),
                   inbound && inbound->is_bool() && inbound->get_bool() ? "in" : "out",
                   text_at(where, "remoteAddress"),
                   text_at(peer, "name"),
                   text_at(peer, "peerId"));
    }
}

Task<Result<void>> peers(Env env, const RpcOptions& options, const Environment& environment) {
    SOTTO_CO_TRY(const auto client, co_await connect(env, options, environment));
    SOTTO_CO_TRY(const auto all, co_await client->call("admin_peers", {}));
    if (options.json) {
        print_json(all);
    } else if (all.is_array()) {
        print_table(all.get_array());
    }
    co_return Result<void>{};
}

Task<Result<void>> page(Env env, const RpcOptions& options, const Environment& environment) {
    SOTTO_CO_TRY(const auto client, co_await connect(env, options, environment));
    SOTTO_CO_TRY(const auto link, co_await client->call("admin_pageLink", {}));
    if (!link.is_string()) co_return fail(Errc::malformed, "the node's answer is no link");
    print_line(link);
    co_return Result<void>{};
}

/// Runs one of the above to its end and reports.
template <class Make>
int run(Make make) {
    Loop loop(1);
    const auto main = [&]() -> Task<int> {
        const auto done = co_await make(loop.env());
        co_return done ? kDone : report(done.error());
    };
    return loop.run(main());
}

}  // namespace

int send_verb(const RpcOptions& options,
              const std::string& channel,
              const std::string& text,
              const Environment& environment) {
    const auto name = chat::channel_name(channel);
    if (!name) return report(name.error());
    return run([&](Env env) { return send(env, options, *name, text, environment); });
}

int listen_verb(const RpcOptions& options, const std::string& channel, const Environment& environment) {
    const auto name = chat::channel_name(channel);
    if (!name) return report(name.error());
    return run([&](Env env) { return listen(env, options, *name, environment); });
}

int peers_verb(const RpcOptions& options, const Environment& environment) {
    return run([&](Env env) { return peers(env, options, environment); });
}

int page_verb(const RpcOptions& options, const Environment& environment) {
    return run([&](Env env) { return page(env, options, environment); });
}

}  // namespace sotto::app
