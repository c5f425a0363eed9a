// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/ws_channel.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/websocket.hpp>

namespace sotto::rpc {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using tcp = asio::ip::tcp;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

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

class WebSocketChannel final : public MessageChannel {
  public:
    WebSocketChannel(beast::tcp_stream stream, beast::role_type role, MaxMessage max_message)
        : socket(std::move(stream)), max_message_(std::move(max_message)) {
        socket.set_option(websocket::stream_base::timeout::suggested(role));
        socket.text(true);
        socket.auto_fragment(false);
    }

    Task<Result<std::string>> read() override {
        socket.read_message_max(max_message_());
        beast::flat_buffer buffer;
        const auto [code, size] = co_await socket.async_read(buffer, kAwait);
        if (code) co_return fail(Errc::reset, code.message());
        const auto data = buffer.cdata();
        co_return std::string(static_cast<const char*>(data.data()), data.size());
    }
    Task<Result<void>> write(const std::string& message) override {
        const auto [code, size] = co_await socket.async_write(asio::buffer(message), kAwait);
        if (code) co_return fail(Errc::reset, code.message());
        co_return Result<void>{};
    }
    void close() noexcept override { beast::get_lowest_layer(socket).close(); }

    websocket::stream<beast::tcp_stream> socket;

  private:
    MaxMessage max_message_;
};

}  // namespace

Task<Result<std::unique_ptr<MessageChannel>>> connect_websocket(
    Env env, std::string url, std::string token, Deadline deadline, MaxMessage max_message) {
    SOTTO_CO_TRY(const Authority where, parse_url(url));
    auto channel = std::make_unique<WebSocketChannel>(
        beast::tcp_stream(env.executor), beast::role_type::client, std::move(max_message));
    auto& socket = channel->socket;
    auto& layer = beast::get_lowest_layer(socket);
    tcp::resolver resolver(env.executor);
    const auto [resolve_code, endpoints] = co_await resolver.async_resolve(where.host, where.port, kAwait);
    if (resolve_code) co_return unreachable(url, resolve_code);
    layer.expires_after(std::chrono::duration_cast<std::chrono::milliseconds>(deadline.left(*env.clock)));
    const auto [connect_code, endpoint] = co_await layer.async_connect(endpoints, kAwait);
    if (connect_code) co_return unreachable(url, connect_code);
    layer.expires_never();
    socket.set_option(websocket::stream_base::timeout::suggested(beast::role_type::client));
    socket.set_option(websocket::stream_base::decorator([token](websocket::request_type& request) {
        if (!token.empty()) request.set(beast::http::field::authorization, "Bearer " + token);
    }));
    const auto bracketed = where.host.find(':') == std::string::npos ? where.host : "[" + where.host + "]";
    websocket::response_type answer;
    const auto [code] = co_await socket.async_handshake(answer, bracketed + ":" + where.port, "/", kAwait);
    if (code == websocket::error::upgrade_declined && answer.result() == beast::http::status::unauthorized) {
        co_return fail(
            Errc::permission,
            "the node at " + url +
                (token.empty() ? " wants its token" : " was sent a token: it is not the token of this node") +
                ": name its --data-dir");
    }
    if (code) co_return fail(Errc::refused, "the node at " + url + " refused the connection: " + code.message());
    co_return channel;
}

Task<Result<std::unique_ptr<MessageChannel>>> accept_websocket(
    Env env, int socket, bool v6, std::string head, MaxMessage max_message) {
    beast::tcp_stream stream(tcp::socket(env.executor, v6 ? tcp::v6() : tcp::v4(), socket));
    beast::http::request_parser<beast::http::empty_body> request;
    request.header_limit(static_cast<std::uint32_t>(head.size()));
    beast::error_code malformed;
    request.put(asio::buffer(head), malformed);
    if (malformed) co_return fail(Errc::malformed, malformed.message());
    auto channel =
        std::make_unique<WebSocketChannel>(std::move(stream), beast::role_type::server, std::move(max_message));
    const auto [code] = co_await channel->socket.async_accept(request.get(), kAwait);
    if (code) co_return fail(Errc::reset, code.message());
    co_return channel;
}

}  // namespace sotto::rpc
