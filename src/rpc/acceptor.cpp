// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/acceptor.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <list>

#include "base/task_group.hpp"

namespace sotto::rpc {
namespace {

namespace asio = boost::asio;
using Descriptor = asio::posix::stream_descriptor;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kMaxTasks = 100'000;  // rpc-connections is what bounds them

}  // namespace

struct Acceptor::Impl {
    Impl(Env e, const node::Limits& l) : env(e), limits(l), stop_wake(e.executor) {}

    struct Listener {
        Descriptor socket;
        Serve serve;
    };

    Env env;
    const node::Limits& limits;
    std::list<Listener> listeners;
    Places places;
    Event stop_wake;
    bool stopping = false;

    Task<void> accept_loop(Listener& listener, TaskGroup& tasks) {
        for (;;) {
            const auto [code] = co_await listener.socket.async_wait(Descriptor::wait_read, kAwait);
            if (code) co_return;
            const int socket = ::accept4(listener.socket.native_handle(), nullptr, nullptr, SOCK_CLOEXEC);
            if (socket >= 0) {
                take_in(socket, listener, tasks);
            } else if (errno != EAGAIN) {
                // Out of descriptors: let some go before the next try.
                co_await sleep_for(*env.clock, std::chrono::milliseconds(100));
            }
        }
    }

    void take_in(int socket, const Listener& listener, TaskGroup& tasks) {
        auto place = places.take(limits.rpc_connections);
        if (place) {
            tasks.spawn(serve(socket, listener, std::move(place)));
        } else {
            ::close(socket);
        }
    }

    static Task<void> serve(int socket, const Listener& listener, std::unique_ptr<Place> place) {
        co_await listener.serve(socket, *place);
    }
};

Acceptor::Acceptor(Env env, const node::Limits& limits) : impl_(std::make_unique<Impl>(env, limits)) {}
Acceptor::~Acceptor() = default;

void Acceptor::add(int listening, Serve serve) {
    auto& socket = impl_->listeners.emplace_back(Descriptor(impl_->env.executor, listening), std::move(serve)).socket;
    boost::system::error_code ignored;
    socket.non_blocking(true, ignored);
}

Task<void> Acceptor::run() {
    auto accept = [this](TaskGroup& group) -> Task<Result<void>> {
        for (auto& listener : impl_->listeners) group.spawn(impl_->accept_loop(listener, group));
        while (!impl_->stopping) co_await impl_->stop_wake.wait();
        co_return Result<void>{};
    };
    (void)co_await with_group(impl_->env, kMaxTasks, std::ref(accept));
}

void Acceptor::stop() noexcept {
    impl_->stopping = true;
    impl_->stop_wake.notify();
}

}  // namespace sotto::rpc
