// SPDX-License-Identifier: Apache-2.0 OR MIT
// Beast lives here and in ws_client.cpp alone: it takes five seconds to compile.
#include "rpc/server.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <list>

#include "base/bounded_queue.hpp"
#include "base/log.hpp"
#include "base/task_group.hpp"

namespace sotto::rpc {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using tcp = asio::ip::tcp;
using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;
using WebSocket = websocket::stream<beast::tcp_stream>;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr auto kIdle = std::chrono::seconds(120);
constexpr auto kTransfer = std::chrono::seconds(30);
constexpr auto kLinger = std::chrono::seconds(2);
constexpr std::uint32_t kMaxHeader = 16 * 1024;
constexpr std::size_t kMaxPageBody = 64 * 1024;
constexpr std::string_view kMetricsType = "text/plain; version=0.0.4; charset=utf-8";
constexpr std::size_t kMaxTasks = 100'000;  // max_connections is what bounds them

std::optional<std::string_view> field(const http::fields& fields, http::field name) {
    const auto it = fields.find(name);
    if (it == fields.end()) return std::nullopt;
    return std::string_view(it->value().data(), it->value().size());
}

std::string_view view(beast::string_view text) {
    return {text.data(), text.size()};
}

RequestHead head_of(const http::request_header<>& request, bool upgrade) {
    return {.method = view(request.method_string()),
            .upgrade = upgrade,
            .host = field(request, http::field::host),
            .origin = field(request, http::field::origin),
            .authorization = field(request, http::field::authorization),
            .content_type = field(request, http::field::content_type)};
}

Response make_response(
    const http::request_header<>& request, unsigned version, bool keep_alive, unsigned status, std::string body) {
    Response response(http::int_to_status(status), version);
    response.set(http::field::content_type,
                 body.starts_with('{') || body.starts_with('[') ? "application/json" : "text/plain");
    response.set(http::field::cache_control, "no-store");
    response.set("X-Content-Type-Options", "nosniff");
    if (const auto origin = field(request, http::field::origin); origin && status != 403) {
        response.set(http::field::access_control_allow_origin, beast::string_view(origin->data(), origin->size()));
        response.set(http::field::vary, "Origin");
    }
    response.keep_alive(keep_alive);
    response.body() = std::move(body);
    response.prepare_payload();
    return response;
}

/// What the RPC itself answers, whoever else may answer the rest.
bool is_own(const http::request_header<>& request) {
    const auto target = view(request.target());
    if (request.method() == http::verb::post) return target == "/";
    if (request.method() == http::verb::get) return target == "/health" || target == "/metrics";
    return true;
}

HttpRequest page_request(const Request& request) {
    const auto header = [&](http::field name) { return std::string(field(request, name).value_or("")); };
    return {.method = std::string(view(request.method_string())),
            .target = std::string(view(request.target())),
            .body = request.body(),
            .cookie = header(http::field::cookie),
            .host = header(http::field::host),
            .origin = header(http::field::origin)};
}

Response page_response(const Request& request, HttpReply reply) {
    Response response(http::int_to_status(reply.status), request.version());
    response.set(http::field::cache_control, "no-store");
    response.set("X-Content-Type-Options", "nosniff");
    if (!reply.content_type.empty()) response.set(http::field::content_type, reply.content_type);
    for (const auto& [name, value] : reply.headers) response.set(name, value);
    response.keep_alive(request.keep_alive());
    response.body() = std::move(reply.body);
    response.prepare_payload();
    return response;
}

class HttpClient final : public Client {
  public:
    explicit HttpClient(Rights rights) : rights_(rights) {}
    Rights rights() const noexcept override { return rights_; }

  private:
    Rights rights_;
};

/// Messages to one WebSocket client wait here; one that does not read them is closed.
class WebSocketClient final : public Client {
  public:
    WebSocketClient(const Env& env, WebSocket& socket, Rights rights, std::size_t max_unsent)
        : socket_(socket), rights_(rights), outbox_(env.executor, max_unsent) {}
    Rights rights() const noexcept override { return rights_; }
    bool can_notify() const noexcept override { return true; }
    void notify(std::string message) override {
        const auto size = message.size();
        if (outbox_.try_push(message, size)) return;
        outbox_.close(Error(Errc::busy, "the client does not read"));
        // The writer is inside a write that may never end.
        beast::get_lowest_layer(socket_).close();
    }
    BoundedQueue<std::string>& outbox() noexcept { return outbox_; }

  private:
    WebSocket& socket_;
    Rights rights_;
    BoundedQueue<std::string> outbox_;
};

}  // namespace

struct Server::Impl {
    Impl(Env e, ServerConfig c, const Dispatcher& d)
        : env(e), config(std::move(c)), dispatcher(d), stop_wake(e.executor) {}

    struct Listener {
        tcp::acceptor acceptor;
        Endpoint endpoint;
    };

    Env env;
    ServerConfig config;
    const Dispatcher& dispatcher;
    Event stop_wake;
    bool stopping = false;
    std::list<Listener> listeners;
    TaskGroup* tasks = nullptr;

    Result<std::uint16_t> bind(const asio::ip::address& address, std::uint16_t port) {
        beast::error_code code;
        tcp::acceptor acceptor(env.executor);
        const tcp::endpoint wanted(address, port);
        acceptor.open(wanted.protocol(), code);
        if (code) return fail(Errc::unsupported, "no such address family");
        acceptor.set_option(asio::socket_base::reuse_address(true), code);
        if (address.is_v6()) acceptor.set_option(asio::ip::v6_only(true), code);
        acceptor.bind(wanted, code);
        if (!code) acceptor.listen(asio::socket_base::max_listen_connections, code);
        if (code == asio::error::address_in_use) {
            return fail(Errc::in_use,
                        "port " + std::to_string(port) + " on " + address.to_string() +
                            " is taken; choose another with --rpc HOST:PORT, for example port " +
                            std::to_string(port + 1) + " or 0 for any");
        }
        if (code) return fail(Errc::unsupported, "cannot listen on " + address.to_string() + ": " + code.message());
        const auto bound = acceptor.local_endpoint(code).port();
        listeners.push_back({std::move(acceptor), {address.to_string(), bound, address.is_loopback()}});
        return bound;
    }

    Task<void> accept_loop(Listener& listener) {
        for (;;) {
            auto [code, socket] = co_await listener.acceptor.async_accept(kAwait);
            if (code == asio::error::operation_aborted) co_return;
            if (code) {
                // Out of descriptors: let some go before the next try.
                co_await sleep_for(*env.clock, std::chrono::milliseconds(100));
                continue;
            }
            if (tasks->size() < config.max_connections) tasks->spawn(serve(std::move(socket), listener.endpoint));
        }
    }

    Task<void> serve(tcp::socket socket, const Endpoint& endpoint) {
        beast::tcp_stream stream(std::move(socket));
        beast::flat_buffer buffer;
        bool more = true;
        while (more) more = co_await serve_request(stream, buffer, endpoint);
        if (stream.socket().is_open()) co_await linger(stream);
    }

    /// Closing with unread bytes would reset the connection and take our last answer with it.
    Task<void> linger(beast::tcp_stream& stream) {
        beast::error_code ignored;
        stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
        stream.expires_after(kLinger);
        std::array<char, 4096> dropped;
        for (bool more = true; more;) {
            const auto [code, size] = co_await stream.async_read_some(asio::buffer(dropped), kAwait);
            more = !code;
        }
    }

    /// False: the connection ends.
    Task<bool> serve_request(beast::tcp_stream& stream, beast::flat_buffer& buffer, const Endpoint& endpoint) {
        http::request_parser<http::string_body> parser;
        parser.body_limit(config.max_body);
        parser.header_limit(kMaxHeader);
        stream.expires_after(kIdle);
        const auto [code, size] = co_await http::async_read_header(stream, buffer, parser, kAwait);
        const auto& request = parser.get();
        if (code == http::error::body_limit) co_return co_await refuse(stream, request, 413, "the body is too large");
        if (code) co_return false;
        const bool upgrade = websocket::is_upgrade(request);
        const auto verdict = judge(request, endpoint, upgrade);
        const bool page = config.page && verdict.page && !upgrade && !is_own(request);
        // Before the body is read: it is not worth any memory.
        if (verdict.status != 200 && !page) co_return co_await refuse(stream, request, verdict.status, verdict.reason);
        if (upgrade) {
            auto released = parser.release();
            co_await serve_websocket(std::move(stream), std::move(released), verdict.rights);
            co_return false;
        }
        if (page) parser.body_limit(kMaxPageBody);
        stream.expires_after(kTransfer);
        const auto [body_code, body_size] = co_await http::async_read(stream, buffer, parser, kAwait);
        if (body_code == http::error::body_limit)
            co_return co_await refuse(stream, request, 413, "the body is too large");
        if (body_code) co_return false;
        stream.expires_never();
        auto response = page ? answer_page(request) : co_await answer(request, verdict);
        stream.expires_after(kTransfer);
        const auto [write_code, written] = co_await http::async_write(stream, response, kAwait);
        co_return !write_code && response.keep_alive();
    }

    Verdict judge(const Request& request, const Endpoint& endpoint, bool upgrade) const {
        auto head = head_of(request.base(), upgrade);
        const auto cookie = field(request, http::field::cookie);
        head.session = cookie && config.session && config.session(*cookie);
        return check_access(config.access, endpoint, head);
    }

    Response answer_page(const Request& request) const {
        auto reply = config.page(page_request(request));
        if (reply) return page_response(request, std::move(*reply));
        return make_response(request, request.version(), request.keep_alive(), 404, "there is nothing at this path\n");
    }

    /// The last answer on this connection; false.
    Task<bool> refuse(beast::tcp_stream& stream, const Request& request, unsigned status, std::string reason) {
        auto response = make_response(request, request.version(), false, status, std::move(reason) + "\n");
        stream.expires_after(kTransfer);
        (void)co_await http::async_write(stream, response, kAwait);
        co_return false;
    }

    Task<Response> answer(const Request& request, const Verdict& verdict) {
        const auto reply = [&](unsigned status, std::string body) {
            return make_response(request, request.version(), request.keep_alive(), status, std::move(body));
        };
        const auto target = request.target();
        if (request.method() == http::verb::post) {
            if (target != "/") co_return reply(404, "JSON-RPC is at /\n");
            HttpClient client(verdict.rights);
            auto body = co_await dispatcher.handle(request.body(), client);
            co_return reply(200, std::move(body));
        }
        if (request.method() == http::verb::options) {
            auto response = reply(204, "");
            response.set(http::field::access_control_allow_methods, "POST");
            response.set(http::field::access_control_allow_headers, "Content-Type, Authorization");
            response.set(http::field::access_control_max_age, "600");
            co_return response;
        }
        const bool get = request.method() == http::verb::get;
        // Both say more of the node than the page's session is worth.
        if (get && target == "/health" && verdict.rights >= Rights::open) co_return reply(200, config.health());
        if (get && target == "/metrics" && verdict.rights >= Rights::open) co_return answer_metrics(request);
        auto response = reply(get ? 404 : 405, "POST JSON-RPC to /, or GET /health or /metrics\n");
        co_return response;
    }

    Response answer_metrics(const Request& request) const {
        auto text = config.metrics ? config.metrics() : std::string();
        const unsigned status = text.empty() ? 404 : 200;
        auto response = make_response(request, request.version(), request.keep_alive(), status, std::move(text));
        response.set(http::field::content_type, kMetricsType);
        return response;
    }

    Task<void> serve_websocket(beast::tcp_stream stream, Request request, Rights rights) {
        stream.expires_never();  // the WebSocket has timeouts of its own
        WebSocket socket(std::move(stream));
        socket.set_option(websocket::stream_base::timeout::suggested(beast::role_type::server));
        socket.read_message_max(config.max_message);
        socket.auto_fragment(false);
        const auto [code] = co_await socket.async_accept(request, kAwait);
        if (code) co_return;
        WebSocketClient client(env, socket, rights, config.max_unsent);
        auto body = [&](TaskGroup& group) -> Task<Result<void>> {
            group.spawn(write_websocket(socket, client));
            co_await read_websocket(socket, client, group);
            client.outbox().close(Error(Errc::closed));
            co_return Result<void>{};
        };
        (void)co_await with_group(env, config.max_calls + 1, std::ref(body));
    }

    Task<void> read_websocket(WebSocket& socket, WebSocketClient& client, TaskGroup& calls) {
        for (;;) {
            beast::flat_buffer buffer;
            const auto [code, size] = co_await socket.async_read(buffer, kAwait);
            if (code) co_return;
            const auto data = buffer.cdata();
            std::string request(static_cast<const char*>(data.data()), data.size());
            // All places taken: this one is answered before the next is read.
            if (calls.size() > config.max_calls) {
                co_await answer_websocket(std::move(request), client);
            } else {
                calls.spawn(answer_websocket(std::move(request), client));
            }
        }
    }

    Task<void> answer_websocket(std::string request, WebSocketClient& client) {
        auto reply = co_await dispatcher.handle(request, client);
        if (!reply.empty()) client.notify(std::move(reply));
    }

    Task<void> write_websocket(WebSocket& socket, WebSocketClient& client) {
        for (;;) {
            auto message = co_await client.outbox().pop();
            if (!message) break;
            socket.text(true);
            const auto [code, size] = co_await socket.async_write(asio::buffer(*message), kAwait);
            if (code) break;
        }
        // The reader ends when the socket does.
        beast::get_lowest_layer(socket).close();
    }
};

Server::Server(Env env, ServerConfig config, const Dispatcher& dispatcher)
    : impl_(std::make_unique<Impl>(env, std::move(config), dispatcher)) {}
Server::~Server() = default;

Result<Endpoint> Server::listen(const std::string& host, std::uint16_t port) {
    const bool both = host == "localhost";
    SOTTO_TRY(const auto bound, impl_->bind(asio::ip::make_address(both ? "127.0.0.1" : host), port));
    if (both) {
        const auto second = impl_->bind(asio::ip::address_v6::loopback(), bound);
        // A machine without IPv6 has nobody who could squat there.
        if (!second && second.error() != Errc::unsupported) return fail(second.error());
    }
    return impl_->listeners.front().endpoint;
}

Task<void> Server::run() {
    auto serve = [this](TaskGroup& group) -> Task<Result<void>> {
        impl_->tasks = &group;
        for (auto& listener : impl_->listeners) group.spawn(impl_->accept_loop(listener));
        while (!impl_->stopping) co_await impl_->stop_wake.wait();
        co_return Result<void>{};
    };
    (void)co_await with_group(impl_->env, kMaxTasks, std::ref(serve));
}

void Server::stop() noexcept {
    impl_->stopping = true;
    impl_->stop_wake.notify();
}

}  // namespace sotto::rpc
