// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "signals.hpp"

#include <unistd.h>

#include <boost/asio/signal_set.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <thread>

namespace sotto::app {

Task<void> wait_for_end_signal() {
    boost::asio::signal_set signals(co_await boost::asio::this_coro::executor, SIGINT, SIGTERM);
    co_await signals.async_wait(boost::asio::use_awaitable);
    // From here on a signal means "now", whatever is still saying goodbye.
    signals.clear();
    for (const int number : {SIGINT, SIGTERM}) std::signal(number, [](int) { ::_exit(1); });
}

std::size_t worker_threads() noexcept {
    return std::max(2u, std::thread::hardware_concurrency()) - 1;
}

}  // namespace sotto::app
