// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/server.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <list>

#include "rpc/acceptor.hpp"
#include "rpc/http_session.hpp"

namespace sotto::rpc {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

/// As a Host header names it: without the zone of a link-local address.
std::string address_text(const asio::ip::address& address) {
    const auto text = address.to_string();
    return text.substr(0, text.find('%'));
}

}  // namespace

struct Server::Impl {
    Impl(Env e, const node::Limits& l, ServerConfig c, const Dispatcher& d)
        : env(e), limits(l), config(std::move(c)), dispatcher(d) {}

    Env env;
    const node::Limits& limits;
    ServerConfig config;
    const Dispatcher& dispatcher;
    CallRate rate;
    Backlog backlog;
    HttpContext context{env, limits, config, dispatcher, rate, backlog};
    Acceptor acceptor{env, limits};
    std::list<Endpoint> listeners;

    Result<std::uint16_t> bind(const asio::ip::address& address, std::uint16_t port) {
        boost::system::error_code code;
        tcp::acceptor listening(env.executor);
        const tcp::endpoint wanted(address, port);
        listening.open(wanted.protocol(), code);
        if (code) return fail(Errc::unsupported, "no such address family");
        listening.set_option(asio::socket_base::reuse_address(true), code);
        if (address.is_v6()) listening.set_option(asio::ip::v6_only(true), code);
        listening.bind(wanted, code);
        if (!code) listening.listen(asio::socket_base::max_listen_connections, code);
        if (code == asio::error::address_in_use) {
            return fail(Errc::in_use,
                        "port " + std::to_string(port) + " on " + address.to_string() +
                            " is taken; choose another with --rpc HOST:PORT, for example port " +
                            std::to_string(port + 1) + " or 0 for any");
        }
        if (code) return fail(Errc::unsupported, "cannot listen on " + address.to_string() + ": " + code.message());
        const auto bound = listening.local_endpoint(code).port();
        const auto& listener = listeners.emplace_back(address_text(address), bound, address.is_loopback());
        acceptor.add(listening.release(code),
                     [this, &listener](int socket, Place& place) { return serve(socket, listener, place); });
        return bound;
    }

    Task<void> serve(int handle, const Endpoint& listener, Place& place) {
        const bool v6 = listener.address.find(':') != std::string::npos;
        tcp::socket socket(env.executor, v6 ? tcp::v6() : tcp::v4(), handle);
        boost::system::error_code code;
        const auto local = socket.local_endpoint(code);
        if (code) co_return;
        const auto remote = socket.remote_endpoint(code);
        if (code) co_return;
        // A listener on all addresses is called by the one that was dialled; who may call stays the listener's affair.
        HttpPeer peer{.endpoint = {address_text(local.address()), local.port(), listener.loopback},
                      .client = client_at(address_text(remote.address()))};
        const int owned = socket.release(code);
        if (!code) co_await serve_http(context, owned, std::move(peer), place);
    }
};

Server::Server(Env env, const node::Limits& limits, ServerConfig config, const Dispatcher& dispatcher)
    : impl_(std::make_unique<Impl>(env, limits, std::move(config), dispatcher)) {}
Server::~Server() = default;

Result<Endpoint> Server::listen(const std::string& host, std::uint16_t port) {
    const bool both = host == "localhost";
    SOTTO_TRY(const auto bound, impl_->bind(asio::ip::make_address(both ? "127.0.0.1" : host), port));
    if (both) {
        const auto second = impl_->bind(asio::ip::address_v6::loopback(), bound);
        // A machine without IPv6 has nobody who could squat there.
        if (!second && second.error() != Errc::unsupported) return fail(second.error());
    }
    return impl_->listeners.front();
}

Task<void> Server::run() {
    return impl_->acceptor.run();
}

void Server::stop() noexcept {
    impl_->acceptor.stop();
}

}  // namespace sotto::rpc
