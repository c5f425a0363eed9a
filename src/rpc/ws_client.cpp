// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/ws_client.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/json.hpp>
#include <list>
#include <map>
#include <optional>

#include "base/event.hpp"

namespace sotto::rpc {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace json = boost::json;
namespace websocket = beast::websocket;
using tcp = asio::ip::tcp;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kMaxMessage = 25 * 1024 * 1024;
constexpr std::size_t kMaxKept = 10'000;
constexpr int kMethodNotFound = -32601;

struct Authority {
    std::string host;
    std::string port;
};

Result<Authority> parse_url(std::string_view url) {
    for (const std::string_view scheme : {"ws://", "http://"}) {
        if (url.starts_with(scheme)) url.remove_prefix(scheme.size());
    }
    url = url.substr(0, url.find('/'));
    const auto colon = url.rfind(':');
    if (colon == std::string_view::npos || colon + 1 == url.size()) {
        return fail(Errc::invalid_argument, "an RPC URL looks like http://127.0.0.1:8545");
    }
    auto host = url.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    return Authority{std::string(host), std::string(url.substr(colon + 1))};
}

std::unexpected<Error> unreachable(const std::string& url, const boost::system::error_code& code) {
    return fail(Errc::unreachable,
                "no node answers at " + url + " (" + code.message() + "); start one with: sotto run");
}

}  // namespace

/// Whoever waits for an answer reads for all: there is no task of its own, and calls may overlap.
struct WsClient::Impl {
    explicit Impl(const Executor& its_executor) : executor(its_executor), socket(executor) {}

    Executor executor;
    websocket::stream<beast::tcp_stream> socket;
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

    Task<Result<void>> write(std::string text) {
        while (writing) co_await change();
        const Turn turn(*this, writing);
        const auto [code, size] = co_await socket.async_write(asio::buffer(text), kAwait);
        if (code) co_return fail(Errc::closed, "the node closed the connection: " + code.message());
        co_return Result<void>{};
    }

    Task<Result<json::object>> read() {
        beast::flat_buffer buffer;
        const auto [code, size] = co_await socket.async_read(buffer, kAwait);
        if (code) co_return fail(Errc::closed, "the node closed the connection: " + code.message());
        const auto data = buffer.cdata();
        json::error_code parse_code;
        auto value = json::parse({static_cast<const char*>(data.data()), data.size()}, parse_code);
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

WsClient::WsClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
WsClient::~WsClient() = default;

Task<Result<std::unique_ptr<WsClient>>> WsClient::connect(Env env,
                                                          std::string url,
                                                          std::string token,
                                                          Deadline deadline) {
    SOTTO_CO_TRY(const Authority where, parse_url(url));
    auto impl = std::make_unique<Impl>(env.executor);
    auto& layer = beast::get_lowest_layer(impl->socket);
    tcp::resolver resolver(env.executor);
    const auto [resolve_code, endpoints] = co_await resolver.async_resolve(where.host, where.port, kAwait);
    if (resolve_code) co_return unreachable(url, resolve_code);
    layer.expires_after(std::chrono::duration_cast<std::chrono::milliseconds>(deadline.left(*env.clock)));
    const auto [connect_code, endpoint] = co_await layer.async_connect(endpoints, kAwait);
    if (connect_code) co_return unreachable(url, connect_code);
    layer.expires_never();
    impl->socket.set_option(websocket::stream_base::timeout::suggested(beast::role_type::client));
    impl->socket.set_option(websocket::stream_base::decorator([token](websocket::request_type& request) {
        if (!token.empty()) request.set(beast::http::field::authorization, "Bearer " + token);
    }));
    impl->socket.read_message_max(kMaxMessage);
    const auto bracketed = where.host.find(':') == std::string::npos ? where.host : "[" + where.host + "]";
    const auto [code] = co_await impl->socket.async_handshake(bracketed + ":" + where.port, "/", kAwait);
    if (code) co_return fail(Errc::refused, "the node at " + url + " refused the connection: " + code.message());
    co_return std::unique_ptr<WsClient>(new WsClient(std::move(impl)));
}

Task<Result<json::value>> WsClient::call(std::string method, json::array params) {
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

Task<Result<json::value>> WsClient::next_notification() {
    while (impl_->notifications.empty()) {
        SOTTO_CO_CHECK(co_await impl_->advance());
    }
    auto next = std::move(impl_->notifications.front());
    impl_->notifications.pop_front();
    co_return next;
}

void WsClient::close() noexcept {
    beast::get_lowest_layer(impl_->socket).close();
}

}  // namespace sotto::rpc
