// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "base/this_executor.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace sotto {

Task<Executor> this_executor() {
    co_return co_await boost::asio::this_coro::executor;
}

Task<void> yield_now() {
    co_await boost::asio::post(boost::asio::use_awaitable);
}

}  // namespace sotto
