// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "signals.hpp"

#include <unistd.h>

#include <atomic>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <thread>

namespace sotto::app {
namespace {

std::atomic<void (*)()> last_act = nullptr;

}  // namespace

void set_last_act(void (*act)()) noexcept {
    last_act = act;
}

struct EndSignal::Impl {
    explicit Impl(const Executor& executor) : signals(executor, SIGINT, SIGTERM) {}
    boost::asio::signal_set signals;
};

EndSignal::EndSignal(const Executor& executor) : impl_(std::make_unique<Impl>(executor)) {}
EndSignal::~EndSignal() = default;

Task<void> EndSignal::wait() {
    co_await impl_->signals.async_wait(boost::asio::use_awaitable);
    end_at_next();
}

/// Whatever is still saying goodbye.
void EndSignal::end_at_next() {
    impl_->signals.clear();
    for (const int number : {SIGINT, SIGTERM}) {
        std::signal(number, [](int) {
            if (const auto act = last_act.load()) act();
            ::_exit(1);
        });
    }
}

struct SignalWatch::Impl {
    Impl(const Executor& executor, int number) : signals(executor, number) {}
    boost::asio::signal_set signals;
};

SignalWatch::SignalWatch(const Executor& executor, int number) : impl_(std::make_unique<Impl>(executor, number)) {}
SignalWatch::~SignalWatch() = default;

Task<void> SignalWatch::each(std::function<void()> handler) {
    for (;;) {
        co_await impl_->signals.async_wait(boost::asio::use_awaitable);
        handler();
    }
}

Task<void> on_each_signal(int number, std::function<void()> handler) {
    SignalWatch watch(co_await boost::asio::this_coro::executor, number);
    co_await watch.each(std::move(handler));
}

std::size_t worker_threads() noexcept {
    return std::max(2u, std::thread::hardware_concurrency()) - 1;
}

}  // namespace sotto::app
