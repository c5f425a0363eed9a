// SPDX-License-Identifier: Apache-2.0 OR MIT
// Beast lives here and in ws_channel.cpp alone: it takes five seconds to compile.
#include "rpc/http_session.hpp"

#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <sstream>

#include "base/task_group.hpp"
#include "rpc/conversation.hpp"
#include "rpc/event_stream.hpp"
#include "rpc/ws_channel.hpp"

namespace sotto::rpc {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using tcp = asio::ip::tcp;

/// A string that grows as the bytes come: what a client announces costs no memory. http::string_body reserves it all.
struct GrowingBody : http::string_body {
    class reader {  // NOLINT(readability-identifier-naming): Beast looks for this name
      public:
        template <bool kRequest, class Fields>
        reader(http::header<kRequest, Fields>&, std::string& body) : body_(body) {}
        void init(const boost::optional<std::uint64_t>&, beast::error_code& code) { code = {}; }
        template <class Buffers>
        std::size_t put(const Buffers& buffers, beast::error_code& code) {
            code = {};
            const auto before = body_.size();
            for (const auto piece : beast::buffers_range_ref(buffers))
                body_.append(static_cast<const char*>(piece.data()), piece.size());
            return body_.size() - before;
        }
        void finish(beast::error_code& code) { code = {}; }

      private:
        std::string& body_;
    };
};

using Request = http::request<GrowingBody>;
using Response = http::response<http::string_body>;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr auto kIdle = std::chrono::seconds(120);     // between two requests
constexpr auto kHeader = std::chrono::seconds(10);    // from the first byte to the end of the header
constexpr auto kTransfer = std::chrono::seconds(30);  // a whole body, or a whole answer
constexpr auto kLinger = std::chrono::seconds(2);
constexpr std::uint32_t kMaxHeader = 16 * 1024;
constexpr std::uint64_t kMaxPageBody = 64 * 1024;
constexpr std::uint64_t kMaxMessage = 1024 * 1024;  // by WebSocket
constexpr std::string_view kMetricsType = "text/plain; version=0.0.4; charset=utf-8";

std::string_view view(beast::string_view text) {
    return {text.data(), text.size()};
}

template <class Name>
std::optional<std::string_view> field(const http::fields& fields, Name name) {
    const auto it = fields.find(name);
    if (it == fields.end()) return std::nullopt;
    return view(it->value());
}

/// Proxies and we might each believe another one of two.
bool is_ambiguous(const http::fields& fields) {
    constexpr std::array kOnce{http::field::host,
                               http::field::origin,
                               http::field::authorization,
                               http::field::content_type,
                               http::field::cookie};
    return std::ranges::any_of(kOnce, [&](http::field name) { return fields.count(name) > 1; });
}

std::string_view path_of(const http::request_header<>& request) {
    const auto target = view(request.target());
    return target.substr(0, target.find('?'));
}

/// What the RPC itself answers, whoever else may answer the rest.
bool is_own(const http::request_header<>& request) {
    const auto path = path_of(request);
    if (request.method() == http::verb::post) return path == "/";
    if (request.method() == http::verb::get) return path == "/health" || path == "/metrics" || path == "/events";
    return true;
}

bool is_events(const http::request_header<>& request) {
    return request.method() == http::verb::get && path_of(request) == "/events";
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

/// An answer to one HTTP request. Its calls cost what a client may make in a second; the first is paid by the request.
class HttpClient final : public Client {
  public:
    HttpClient(Rights rights, std::function<bool()> take) : rights_(rights), take_(std::move(take)) {}
    Rights rights() const noexcept override { return rights_; }
    bool take_call() override { return std::exchange(paid_, false) || take_(); }

  private:
    Rights rights_;
    std::function<bool()> take_;
    bool paid_ = true;
};

/// One connection. Not moved: its tasks point to it.
class HttpSession {
  public:
    HttpSession(const HttpContext& context, tcp::socket socket, HttpPeer peer, Place& place)
        : context_(context), stream_(std::move(socket)), peer_(std::move(peer)), place_(place) {
        place_.on_loss([this] { stream_.close(); });
    }

    Task<void> run() {
        bool more = co_await await_request(kHeader);
        while (more) {
            more = co_await serve_request();
            if (more) more = co_await await_request(kIdle);
        }
        if (stream_.socket().is_open()) co_await linger();
    }

  private:
    /// Waits for the first byte of a request.
    Task<bool> await_request(std::chrono::seconds limit) {
        if (buffer_.size() > 0) co_return true;
        stream_.expires_after(limit);
        const auto [code, size] = co_await stream_.async_read_some(buffer_.prepare(4096), kAwait);
        buffer_.commit(size);
        co_return !code;
    }

    /// Closing with unread bytes would reset the connection and take our last answer with it.
    Task<void> linger() {
        beast::error_code ignored;
        stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
        stream_.expires_after(kLinger);
        std::array<char, 4096> dropped;
        for (bool more = true; more;) {
            const auto [code, size] = co_await stream_.async_read_some(asio::buffer(dropped), kAwait);
            more = !code;
        }
    }

    /// False: the connection ends.
    Task<bool> serve_request() {
        http::request_parser<GrowingBody> parser;
        parser.body_limit(limits().rpc_body_bytes);
        parser.header_limit(kMaxHeader);
        stream_.expires_after(kHeader);
        const auto [code, size] = co_await http::async_read_header(stream_, buffer_, parser, kAwait);
        const auto& request = parser.get();
        if (code == http::error::body_limit) co_return co_await refuse(request, 413, "the body is too large");
        if (code == http::error::header_limit) co_return co_await refuse(request, 431, "the header is too large");
        if (code) co_return false;
        if (is_ambiguous(request))
            co_return co_await refuse(request, 400, "a header that may be there once is there twice");
        const bool upgrade = websocket::is_upgrade(request);
        const auto verdict = judge(request, upgrade);
        const bool preflight = request.method() == http::verb::options && verdict.page;
        const bool page = config().page && verdict.page && !upgrade && !is_own(request);
        // Before the body is read: it is not worth any memory.
        if (verdict.status != 200 && !page && !preflight)
            co_return co_await refuse(request, verdict.status, verdict.reason);
        if (!take_call()) co_return co_await refuse(request, 429, "too many requests a second");
        if (upgrade) {
            place_.prove();
            co_await serve_websocket(request, verdict.rights);
            co_return false;
        }
        if (is_events(request) && config().events) co_return co_await serve_events(request);
        // The parser compares a Content-Length with the limit of when it read the header.
        const auto limit = page || preflight ? kMaxPageBody : limits().rpc_body_bytes;
        if (parser.content_length().value_or(0) > limit)
            co_return co_await refuse(request, 413, "the body is too large");
        parser.body_limit(limit);
        const bool complete = co_await read_body(parser);
        held_.set(0);
        if (!complete) co_return false;
        if (verdict.status == 200) place_.prove();
        co_return co_await respond(request, verdict, page);
    }

    /// False: there is no whole body, and the client has been told so where it can be told.
    Task<bool> read_body(http::request_parser<GrowingBody>& parser) {
        stream_.expires_after(kTransfer);
        if (const auto expected = field(parser.get(), http::field::expect); expected && parser.get().version() > 10) {
            if (!beast::iequals(beast::string_view(expected->data(), expected->size()), "100-continue"))
                co_return co_await refuse(parser.get(), 417, "nothing but 100-continue can be expected");
            constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
            const auto [code, size] = co_await asio::async_write(stream_, asio::buffer(kContinue), kAwait);
            if (code) co_return false;
        }
        while (!parser.is_done()) {
            const auto [code, size] = co_await http::async_read_some(stream_, buffer_, parser, kAwait);
            if (code == http::error::body_limit) co_return co_await refuse(parser.get(), 413, "the body is too large");
            if (code) co_return false;
            held_.set(parser.get().body().size());
        }
        co_return true;
    }

    Task<bool> respond(const Request& request, const Verdict& verdict, bool page) {
        stream_.expires_never();
        auto response = page ? answer_page(request) : co_await answer(request, verdict);
        // There are few places: who has no right does not keep one for two minutes.
        if (verdict.status != 200) response.keep_alive(false);
        stream_.expires_after(kTransfer);
        held_.set(request.body().size() + response.body().size());
        const auto [code, size] = co_await http::async_write(stream_, response, kAwait);
        held_.set(0);
        co_return !code && response.keep_alive();
    }

    Verdict judge(const Request& request, bool upgrade) const {
        const auto cookie = field(request, http::field::cookie);
        const RequestHead head{.method = view(request.method_string()),
                               .upgrade = upgrade,
                               .host = field(request, http::field::host),
                               .origin = field(request, http::field::origin),
                               .authorization = field(request, http::field::authorization),
                               .content_type = field(request, http::field::content_type),
                               .session = cookie && config().session && config().session(*cookie)};
        return check_access(config().access, peer_.endpoint, head);
    }

    /// The last answer on this connection; false.
    Task<bool> refuse(const Request& request, unsigned status, std::string reason) {
        auto response = make_response(request, status, std::move(reason) + "\n");
        response.keep_alive(false);
        if (status == 429) response.set(http::field::retry_after, "1");
        stream_.expires_after(kTransfer);
        (void)co_await http::async_write(stream_, response, kAwait);
        co_return false;
    }

    Response make_response(const Request& request, unsigned status, std::string body) const {
        Response response(http::int_to_status(status), request.version() < 10 ? 11 : request.version());
        const bool is_json = body.starts_with('{') || body.starts_with('[');
        response.set(http::field::content_type, is_json ? "application/json" : "text/plain");
        response.set(http::field::cache_control, "no-store");
        response.set("X-Content-Type-Options", "nosniff");
        // With these two, the Origin was not looked at or not liked.
        if (const auto it = request.find(http::field::origin); it != request.end() && status != 400 && status != 403) {
            response.set(http::field::access_control_allow_origin, it->value());
            response.set(http::field::vary, "Origin");
        }
        response.keep_alive(request.keep_alive());
        response.body() = std::move(body);
        response.prepare_payload();
        return response;
    }

    Response answer_page(const Request& request) const {
        auto reply = config().page(page_request(request));
        if (!reply) return make_response(request, 404, "there is nothing at this path\n");
        Response response(http::int_to_status(reply->status), request.version());
        response.set(http::field::cache_control, "no-store");
        response.set("X-Content-Type-Options", "nosniff");
        if (!reply->content_type.empty()) response.set(http::field::content_type, reply->content_type);
        for (const auto& [name, value] : reply->headers) response.set(name, value);
        response.keep_alive(request.keep_alive());
        response.body() = std::move(reply->body);
        response.prepare_payload();
        return response;
    }

    Task<Response> answer(const Request& request, const Verdict& verdict) {
        if (request.method() == http::verb::post) {
            if (path_of(request) != "/") co_return make_response(request, 404, "JSON-RPC is at /\n");
            HttpClient client(verdict.rights, [this] { return take_call(); });
            auto body = co_await context_.dispatcher.handle(request.body(), client);
            co_return make_response(request, 200, std::move(body));
        }
        if (request.method() == http::verb::options) co_return answer_preflight(request);
        if (request.method() == http::verb::get) co_return answer_get(request, verdict);
        co_return make_response(request, 405, "POST JSON-RPC to /, or GET /health or /metrics\n");
    }

    /// What a web page of an allowed origin may send. Browsers ask without the token that they will send.
    Response answer_preflight(const Request& request) const {
        auto response = make_response(request, 204, "");
        response.set(http::field::access_control_allow_methods, "POST");
        response.set(http::field::access_control_allow_headers, "Content-Type, Authorization, Last-Event-ID");
        response.set(http::field::access_control_max_age, "600");
        return response;
    }

    Response answer_get(const Request& request, const Verdict& verdict) const {
        const auto path = path_of(request);
        // Both say more of the node than the page's session is worth.
        const bool may_look = verdict.rights >= Rights::open;
        if (path == "/health" && may_look) return make_response(request, 200, config().health());
        auto metrics = path == "/metrics" && may_look && config().metrics ? config().metrics() : std::string();
        if (metrics.empty()) return make_response(request, 404, "POST JSON-RPC to /, or GET /health or /metrics\n");
        auto response = make_response(request, 200, std::move(metrics));
        response.set(http::field::content_type, kMetricsType);
        return response;
    }

    Task<void> serve_websocket(const Request& request, Rights rights) {
        std::ostringstream head;
        head << request.base();
        beast::error_code code;
        const bool v6 = stream_.socket().local_endpoint(code).address().is_v6();
        const int socket = stream_.release_socket().release(code);
        if (code) co_return;
        const auto max_message = [this] { return std::min(kMaxMessage, limits().rpc_body_bytes); };
        const auto channel = co_await accept_websocket(context_.env, socket, v6, head.str(), max_message);
        if (!channel) co_return;
        Caller caller{rights, [this] { return take_call(); }};
        co_await converse(context_.env, **channel, context_.dispatcher, context_.backlog, std::move(caller));
    }

    /// The rest of the connection is one stream of events; false.
    Task<bool> serve_events(const Request& request) {
        auto asked = parse_event_request(view(request.target()), field(request, "Last-Event-ID"));
        if (!asked) co_return co_await refuse(request, 400, asked.error().detail());
        const auto filters = asked->filter.filters;
        const auto log_all = [&]() -> Result<void> {
            for (const auto& filter : filters) SOTTO_CHECK(config().log_messages(filter));
            return {};
        };
        auto reader = EventReader::open(*config().events, std::move(*asked));
        if (!reader) co_return co_await refuse(request, 400, reader.error().detail());
        if (const auto found = log_all(); !found) co_return co_await refuse(request, 404, found.error().detail());
        EventStream events(context_.env, *config().events, std::move(*reader));
        auto body = [&](TaskGroup& group) -> Task<Result<void>> {
            group.spawn(watch_end(events));
            co_await events.run([this](std::string text) { return write_text(std::move(text)); },
                                filters.empty() ? EventStream::Poll() : EventStream::Poll(log_all));
            co_return Result<void>{};
        };
        place_.prove();
        const bool begun = co_await begin_events(request);
        if (begun) (void)co_await with_group(context_.env, 1, std::ref(body));
        co_return false;
    }

    Task<bool> begin_events(const Request& request) {
        auto response = make_response(request, 200, "");
        response.set(http::field::content_type, "text/event-stream");
        response.erase(http::field::content_length);
        response.keep_alive(false);
        http::response_serializer<http::string_body> serializer(response);
        stream_.expires_after(kTransfer);
        const auto [code, size] = co_await http::async_write_header(stream_, serializer, kAwait);
        co_return !code;
    }

    Task<Result<void>> write_text(std::string text) {
        stream_.expires_after(kTransfer);
        const auto [code, size] = co_await asio::async_write(stream_, asio::buffer(text), kAwait);
        if (code) co_return fail(Errc::reset);
        co_return Result<void>{};
    }

    /// The client says no more; when it leaves, the stream ends at once. Past Beast's timers, which the writer uses.
    Task<void> watch_end(EventStream& events) {
        auto& socket = stream_.socket();
        std::array<char, 1024> dropped;
        for (;;) {
            const auto [code, size] = co_await socket.async_read_some(asio::buffer(dropped), kAwait);
            if (code) break;
        }
        events.stop();
    }

    bool take_call() {
        return context_.rate.take(peer_.client, limits().rpc_calls_per_second, context_.env.clock->now());
    }
    const node::Limits& limits() const noexcept { return context_.limits; }
    const ServerConfig& config() const noexcept { return context_.config; }

    const HttpContext& context_;
    beast::tcp_stream stream_;
    beast::flat_buffer buffer_;
    HttpPeer peer_;
    Place& place_;
    Backlog::Share held_{context_.backlog, [this] { stream_.close(); }};
};

}  // namespace

Task<void> serve_http(const HttpContext& context, int socket, HttpPeer peer, Place& place) {
    const bool v6 = peer.endpoint.address.find(':') != std::string::npos;
    tcp::socket owned(context.env.executor, v6 ? tcp::v6() : tcp::v4(), socket);
    HttpSession session(context, std::move(owned), std::move(peer), place);
    co_await session.run();
}

}  // namespace sotto::rpc
