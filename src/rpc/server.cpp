// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/server.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <list>

#include "base/task_group.hpp"
#include "rpc/http_session.hpp"

namespace sotto::rpc {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kMaxTasks = 100'000;  // rpc-connections is what bounds them

/// As a Host header names it: without the zone of a link-local address.
std::string address_text(const asio::ip::address& address) {
    const auto text = address.to_string();
    return text.substr(0, text.find('%'));
}

}  // namespace

struct Server::Impl {
    Impl(Env e, const node::Limits& l, ServerConfig c, const Dispatcher& d)
        : env(e), limits(l), config(std::move(c)), dispatcher(d), stop_wake(e.executor) {}

    struct Listener {
        tcp::acceptor acceptor;
        Endpoint endpoint;
    };

    Env env;
    const node::Limits& limits;
    ServerConfig config;
    const Dispatcher& dispatcher;
    CallRate rate;
    HttpContext context{env, limits, config, dispatcher, rate};
    Event stop_wake;
    bool stopping = false;
    std::list<Listener> listeners;

    Result<std::uint16_t> bind(const asio::ip::address& address, std::uint16_t port) {
        boost::system::error_code code;
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
        listeners.push_back({std::move(acceptor), {address_text(address), bound, address.is_loopback()}});
        return bound;
    }

    Task<void> accept_loop(Listener& listener, TaskGroup& tasks) {
        for (;;) {
            auto [code, socket] = co_await listener.acceptor.async_accept(kAwait);
            if (code == asio::error::operation_aborted) co_return;
            if (code) {
                // Out of descriptors: let some go before the next try.
                co_await sleep_for(*env.clock, std::chrono::milliseconds(100));
                continue;
            }
            const auto connections = tasks.size() - listeners.size();
            if (connections < limits.rpc_connections) start(std::move(socket), listener, tasks);
        }
    }

    void start(tcp::socket socket, const Listener& listener, TaskGroup& tasks) {
        boost::system::error_code code;
        const auto local = socket.local_endpoint(code);
        if (code) return;
        const auto remote = socket.remote_endpoint(code);
        if (code) return;
        // A listener on all addresses is called by the one that was dialled; who may call stays the listener's affair.
        HttpPeer peer{.endpoint = {address_text(local.address()), local.port(), listener.endpoint.loopback},
                      .address = address_text(remote.address())};
        const int handle = socket.release(code);
        if (!code) tasks.spawn(serve_http(context, handle, std::move(peer)));
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
    return impl_->listeners.front().endpoint;
}

Task<void> Server::run() {
    auto serve = [this](TaskGroup& group) -> Task<Result<void>> {
        for (auto& listener : impl_->listeners) group.spawn(impl_->accept_loop(listener, group));
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
