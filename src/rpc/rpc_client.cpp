// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/rpc_client.hpp"

#include <boost/json.hpp>
#include <list>
#include <map>
#include <optional>

#include "base/event.hpp"
#include "rpc/ipc_channel.hpp"
#include "rpc/ws_channel.hpp"

namespace sotto::rpc {
namespace {

namespace json = boost::json;

constexpr std::uint64_t kMaxMessage = 25 * 1024 * 1024;
constexpr std::size_t kMaxKept = 10'000;
constexpr int kMethodNotFound = -32601;

constexpr std::string_view kIpcScheme = "ipc:";

}  // namespace

/// Whoever waits for an answer reads for all: there is no task of its own, and calls may overlap.
struct RpcClient::Impl {
    explicit Impl(const Executor& its_executor) : executor(its_executor) {}

    Executor executor;
    std::unique_ptr<MessageChannel> channel;
    std::int64_t next_id = 1;
    std::list<json::value> notifications;
    std::map<std::int64_t, std::optional<json::object>> replies;  ///< of the calls under way
    std::list<Event*> waiting;
    bool reading = false;
    bool writing = false;
    std::optional<Error> broken;

    /// Holds one direction of the socket; whoever waits for it, or for what was read, looks again afterwards.
    struct Turn {
        Turn(Impl& its_client, bool& its_flag) : client(its_client), flag(its_flag) { flag = true; }
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;
        ~Turn() {
            flag = false;
            for (auto* event : client.waiting) event->notify();
        }
        Impl& client;
        bool& flag;
    };
    struct Waiting {
        explicit Waiting(Impl& its_client)
            : client(its_client), event(client.executor), place(client.waiting.insert(client.waiting.end(), &event)) {}
        Waiting(const Waiting&) = delete;
        Waiting& operator=(const Waiting&) = delete;
        ~Waiting() { client.waiting.erase(place); }
        Impl& client;
        Event event;
        std::list<Event*>::iterator place;
    };
    struct Reply {
        Reply(Impl& its_client, std::int64_t its_id)
            : client(its_client), id(its_id), place(client.replies.try_emplace(id).first) {}
        Reply(const Reply&) = delete;
        Reply& operator=(const Reply&) = delete;
        ~Reply() { client.replies.erase(place); }
        Impl& client;
        std::int64_t id;
        std::map<std::int64_t, std::optional<json::object>>::iterator place;
    };

    Task<void> change() {
        Waiting waiting_here(*this);
        co_await waiting_here.event.wait();
    }

    static std::unexpected<Error> left(const Error& why) {
        return fail(Errc::closed, "the node closed the connection: " + why.message());
    }

    Task<Result<void>> write(std::string text) {
        while (writing) co_await change();
        const Turn turn(*this, writing);
        const auto written = co_await channel->write(text);
        if (!written) co_return left(written.error());
        co_return Result<void>{};
    }

    Task<Result<json::object>> read() {
        const auto text = co_await channel->read();
        if (!text) co_return left(text.error());
        json::error_code parse_code;
        auto value = json::parse(*text, parse_code);
        if (parse_code || !value.is_object()) co_return fail(Errc::malformed, "the node's answer is not JSON-RPC");
        co_return std::move(value.get_object());
    }

    /// Reads one message, or waits until somebody else has.
    Task<Result<void>> advance() {
        if (broken) co_return fail(*broken);
        if (reading) {
            co_await change();
            co_return Result<void>{};
        }
        const Turn turn(*this, reading);
        auto message = co_await read();
        if (message) {
            file(std::move(*message));
        } else {
            broken = message.error();
        }
        co_return Result<void>{};
    }

    void file(json::object message) {
        if (message.contains("method")) {
            if (notifications.size() < kMaxKept) notifications.push_back(std::move(message["params"]));
            return;
        }
        const auto* id = message.if_contains("id");
        const auto call = id && id->is_int64() ? replies.find(id->get_int64()) : replies.end();
        if (call == replies.end()) {
            broken = Error(Errc::malformed, "the node answers what was not asked");
        } else {
            call->second = std::move(message);
        }
    }
};

RpcClient::RpcClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RpcClient::~RpcClient() = default;

Task<Result<std::unique_ptr<RpcClient>>> RpcClient::connect(Env env,
                                                            std::string url,
                                                            std::string token,
                                                            Deadline deadline) {
    auto impl = std::make_unique<Impl>(env.executor);
    if (url.starts_with(kIpcScheme)) {
        SOTTO_CO_TRY(impl->channel,
                     co_await connect_ipc(env, url.substr(kIpcScheme.size()), [] { return kMaxMessage; }));
    } else {
        SOTTO_CO_TRY(impl->channel, co_await connect_websocket(env, url, token, deadline, [] { return kMaxMessage; }));
    }
    co_return std::unique_ptr<RpcClient>(new RpcClient(std::move(impl)));
}

Task<Result<json::value>> RpcClient::call(std::string method, json::array params) {
    const Impl::Reply waiting(*impl_, impl_->next_id++);
    json::object request{{"jsonrpc", "2.0"}, {"id", waiting.id}, {"method", method}};
    request["params"] = std::move(params);
    SOTTO_CO_CHECK(co_await impl_->write(json::serialize(request)));
    while (!waiting.place->second) {
        SOTTO_CO_CHECK(co_await impl_->advance());
    }
    auto& reply = *waiting.place->second;
    if (const auto* error = reply.if_contains("error")) {
        const auto* message = error->is_object() ? error->get_object().if_contains("message") : nullptr;
        const bool text_given = message && message->is_string();
        const auto* code = error->is_object() ? error->get_object().if_contains("code") : nullptr;
        co_return fail(code && *code == kMethodNotFound ? Errc::unsupported : Errc::refused,
                       text_given ? std::string(message->get_string()) : json::serialize(*error));
    }
    if (!reply.contains("result")) co_return fail(Errc::malformed, "the node's answer is not JSON-RPC");
    co_return std::move(reply["result"]);
}

Task<Result<json::value>> RpcClient::next_notification() {
    while (impl_->notifications.empty()) {
        SOTTO_CO_CHECK(co_await impl_->advance());
    }
    auto next = std::move(impl_->notifications.front());
    impl_->notifications.pop_front();
    co_return next;
}

void RpcClient::close() noexcept {
    impl_->channel->close();
}

}  // namespace sotto::rpc
