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

struct WsClient::Impl {
    explicit Impl(const Executor& executor) : socket(executor) {}

    websocket::stream<beast::tcp_stream> socket;
    std::int64_t next_id = 1;
    std::list<json::value> notifications;

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
    const auto id = impl_->next_id++;
    json::object request{{"jsonrpc", "2.0"}, {"id", id}, {"method", method}};
    request["params"] = std::move(params);
    const auto text = json::serialize(request);
    const auto [code, size] = co_await impl_->socket.async_write(asio::buffer(text), kAwait);
    if (code) co_return fail(Errc::closed, "the node closed the connection: " + code.message());
    for (;;) {
        SOTTO_CO_TRY(auto reply, co_await impl_->read());
        if (reply.contains("method")) {
            if (impl_->notifications.size() < kMaxKept) impl_->notifications.push_back(std::move(reply["params"]));
            continue;
        }
        if (const auto* error = reply.if_contains("error")) {
            const auto* message = error->is_object() ? error->get_object().if_contains("message") : nullptr;
            const bool text_given = message && message->is_string();
            co_return fail(Errc::refused, text_given ? std::string(message->get_string()) : json::serialize(*error));
        }
        if (!reply.contains("result")) co_return fail(Errc::malformed, "the node's answer is not JSON-RPC");
        co_return std::move(reply["result"]);
    }
}

Task<Result<json::value>> WsClient::next_notification() {
    while (impl_->notifications.empty()) {
        SOTTO_CO_TRY(auto message, co_await impl_->read());
        if (message.contains("method")) impl_->notifications.push_back(std::move(message["params"]));
    }
    auto next = std::move(impl_->notifications.front());
    impl_->notifications.pop_front();
    co_return next;
}

}  // namespace sotto::rpc
