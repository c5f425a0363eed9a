// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "transport/tcp.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/event.hpp"
#include "transport/tcp_stream.hpp"

namespace sotto::transport {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using boost::system::error_code;
constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr auto kAcceptPause = std::chrono::milliseconds(100);

asio::ip::address to_asio(BytesView ip) {
    if (ip.size() == 4) return asio::ip::address_v4(first_bytes<4>(ip));
    return asio::ip::address_v6(first_bytes<16>(ip));
}

/// The address of an endpoint with the parts of `like` behind its port.
Multiaddr with_endpoint(const tcp::endpoint& endpoint, const Multiaddr& like) {
    auto address = endpoint.address().is_v4()
                       ? Multiaddr::from_ip(endpoint.address().to_v4().to_bytes(), endpoint.port())
                       : Multiaddr::from_ip(endpoint.address().to_v6().to_bytes(), endpoint.port());
    for (std::size_t i = 2; i < like.parts().size(); ++i) {
        if (like.parts()[i].code != AddrCode::p2p) address = address.with(like.parts()[i].code, like.parts()[i].value);
    }
    return address;
}

/// `remote` as connect or accept had it: a socket whose peer is gone already does not know it any more.
net::RawConnection make_raw(Env env, tcp::socket socket, const tcp::endpoint& remote, const Multiaddr& like) {
    error_code ignored;
    net::RawConnection raw;
    raw.local = with_endpoint(socket.local_endpoint(ignored), like);
    raw.remote = with_endpoint(remote, like);
    raw.stream = make_tcp_stream(env, socket.release(), remote.address().is_v6());
    return raw;
}

class TcpListener final : public net::Listener {
  public:
    TcpListener(Env env, std::shared_ptr<tcp::acceptor> acceptor, Multiaddr local)
        : env_(env), acceptor_(std::move(acceptor)), local_(std::move(local)) {}
    ~TcpListener() override { close(); }

    Multiaddr local() const override { return local_; }
    Task<Result<net::RawConnection>> accept() override { return accept_one(env_, acceptor_, local_); }
    void close() noexcept override {
        error_code ignored;
        acceptor_->close(ignored);
    }

  private:
    static Task<Result<net::RawConnection>> accept_one(Env env,
                                                       std::shared_ptr<tcp::acceptor> acceptor,
                                                       Multiaddr local) {
        for (;;) {
            tcp::endpoint remote;
            auto [code, socket] = co_await acceptor->async_accept(remote, kAwait);
            if (!code) co_return make_raw(env, std::move(socket), remote, local);
            if (!acceptor->is_open()) co_return fail(Errc::closed, "the listener was closed");
            // The peer gave up meanwhile, or descriptors ran out: let some go before the next try.
            if (code != asio::error::connection_aborted) co_await sleep_for(*env.clock, kAcceptPause);
        }
    }

    Env env_;
    std::shared_ptr<tcp::acceptor> acceptor_;
    Multiaddr local_;
};

bool is_name(AddrCode code) noexcept {
    return code == AddrCode::dns || code == AddrCode::dns4 || code == AddrCode::dns6;
}
bool is_ip(AddrCode code) noexcept {
    return code == AddrCode::ip4 || code == AddrCode::ip6;
}

bool is_exhaustion(const error_code& code) noexcept {
    return code == asio::error::no_descriptors || code == asio::error::no_memory ||
           code == asio::error::no_buffer_space || code == boost::system::errc::too_many_files_open_in_system;
}

std::unexpected<Error> dial_failed(const Multiaddr& address, const error_code& code) {
    const auto text = address.to_string() + ": " + code.message();
    if (code == asio::error::connection_refused) return fail(Errc::refused, text);
    if (is_exhaustion(code)) return fail(Errc::exhausted, text);
    if (code == asio::error::operation_aborted || code == asio::error::timed_out) {
        return fail(Errc::timed_out, address.to_string() + ": no answer in time");
    }
    return fail(Errc::unreachable, text);
}

std::unexpected<Error> listen_failed(const Multiaddr& address, std::uint16_t port, const error_code& code) {
    const auto text = "cannot listen on " + address.to_string() + ": " + code.message();
    if (code == asio::error::address_in_use) {
        return fail(Errc::in_use,
                    "port " + std::to_string(port) + " is taken (" + address.to_string() +
                        "): stop what uses it, or listen elsewhere, for example on port " +
                        std::to_string(port == 65'535 ? 1024 : port + 1) + " or 0 for any");
    }
    if (code == asio::error::access_denied) {
        return fail(Errc::permission,
                    "not allowed to listen on " + address.to_string() + "; ports from 1024 up are free to all");
    }
    if (is_exhaustion(code)) return fail(Errc::exhausted, text);
    // EADDRNOTAVAIL, EAFNOSUPPORT: an address or family that this machine does not have.
    return fail(Errc::unsupported, text);
}

/// A name under lookup. It outlives a caller that has stopped waiting: getaddrinfo cannot be interrupted.
struct Lookup {
    explicit Lookup(const Executor& executor) : resolver(executor), done(executor) {}
    tcp::resolver resolver;
    Event done;
    error_code code = asio::error::timed_out;
    tcp::resolver::results_type found;

    static void begin(const std::shared_ptr<Lookup>& self, std::string host, std::uint16_t port) {
        self->resolver.async_resolve(host, std::to_string(port), [self](error_code result, auto results) {
            self->code = result;
            self->found = std::move(results);
            self->done.notify();
        });
    }
};

class TcpTransport final : public net::Transport {
  public:
    explicit TcpTransport(Env env) : env_(env) {}

    bool handles(const Multiaddr& address) const noexcept override { return can_dial_tcp(address); }

    Task<Result<net::RawConnection>> dial(const Multiaddr& address, Deadline deadline) override {
        return dial_any(env_, address, deadline);
    }

    Result<std::unique_ptr<net::Listener>> listen(const Multiaddr& address) override {
        if (!can_listen_tcp(address)) {
            return fail(Errc::invalid_argument,
                        "cannot listen on " + address.to_string() + ": it needs /ip4 or /ip6 and /tcp");
        }
        const tcp::endpoint endpoint(to_asio(address.ip()), *address.tcp_port());
        auto acceptor = std::make_shared<tcp::acceptor>(env_.executor);
        SOTTO_CHECK(bind(*acceptor, endpoint, address));
        error_code ignored;
        auto local = with_endpoint(acceptor->local_endpoint(ignored), address);
        return std::make_unique<TcpListener>(env_, std::move(acceptor), std::move(local));
    }

  private:
    static Result<void> bind(tcp::acceptor& acceptor, const tcp::endpoint& endpoint, const Multiaddr& address) {
        error_code code;
        acceptor.open(endpoint.protocol(), code);
        if (!code) acceptor.set_option(asio::socket_base::reuse_address(true), code);
        // Else a listener on :: takes IPv4's port as well.
        if (!code && endpoint.address().is_v6()) acceptor.set_option(asio::ip::v6_only(true), code);
        if (!code) acceptor.bind(endpoint, code);
        if (!code) acceptor.listen(asio::socket_base::max_listen_connections, code);
        if (code) return listen_failed(address, endpoint.port(), code);
        return {};
    }

    static Task<Result<std::vector<tcp::endpoint>>> resolve(Env env, Multiaddr address, Deadline deadline) {
        const auto& host = address.parts()[0];
        const auto port = *address.tcp_port();
        if (is_ip(host.code)) co_return std::vector{tcp::endpoint(to_asio(host.value), port)};
        const auto lookup = std::make_shared<Lookup>(env.executor);
        Lookup::begin(lookup, std::string(text_of(host.value)), port);
        const auto limit = env.clock->after(deadline.left(*env.clock), [&lookup] { lookup->done.notify(); });
        co_await lookup->done.wait();
        if (lookup->code) co_return dial_failed(address, lookup->code);
        std::vector<tcp::endpoint> endpoints;
        for (const auto& entry : lookup->found) {
            const bool v6 = entry.endpoint().address().is_v6();
            const bool wanted = host.code == AddrCode::dns || v6 == (host.code == AddrCode::dns6);
            if (wanted) endpoints.push_back(entry.endpoint());
        }
        co_return endpoints;
    }

    static Task<Result<net::RawConnection>> dial_any(Env env, Multiaddr address, Deadline deadline) {
        if (deadline.left(*env.clock) <= Duration::zero()) co_return dial_failed(address, asio::error::timed_out);
        SOTTO_CO_TRY(const auto endpoints, co_await resolve(env, address, deadline));
        error_code last = asio::error::host_not_found;
        for (std::size_t i = 0; i < endpoints.size(); ++i) {
            // A share of the time each: one address that swallows packets must not cost the others theirs.
            const auto share = deadline.left(*env.clock) / static_cast<std::int64_t>(endpoints.size() - i);
            tcp::socket socket(env.executor);
            const auto limit = env.clock->after(share, [&socket] {
                error_code ignored;
                socket.close(ignored);
            });
            const auto [code] = co_await socket.async_connect(endpoints[i], kAwait);
            if (!code && socket.is_open()) co_return make_raw(env, std::move(socket), endpoints[i], address);
            last = code ? code : error_code(asio::error::timed_out);
        }
        co_return dial_failed(address, last);
    }

    Env env_;
};

}  // namespace

std::unique_ptr<net::Transport> make_tcp_transport(Env env) {
    return std::make_unique<TcpTransport>(env);
}

bool can_dial_tcp(const Multiaddr& address) noexcept {
    const auto& parts = address.parts();
    if (parts.size() < 2 || parts[1].code != AddrCode::tcp) return false;
    if (!is_ip(parts[0].code) && !is_name(parts[0].code)) return false;
    // Only /rlpx and /p2p may stand behind: /ws and the like are other transports'.
    for (std::size_t i = 2; i < parts.size(); ++i) {
        if (parts[i].code != AddrCode::rlpx && parts[i].code != AddrCode::p2p) return false;
    }
    return true;
}

bool can_listen_tcp(const Multiaddr& address) noexcept {
    return can_dial_tcp(address) && is_ip(address.parts()[0].code);
}

}  // namespace sotto::transport
