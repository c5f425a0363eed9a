// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <boost/asio/this_coro.hpp>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/env.hpp"
#include "base/event.hpp"

namespace sotto {

/// Runs `work` on a worker and returns its value on the loop. The caller stays parked until the work is done, even if
/// it is cancelled: `work` may use the caller's locals, and should poll a flag if it is long.
template <class Work>
Task<std::invoke_result_t<Work&>> offload(Env env, Work work) {
    std::optional<std::invoke_result_t<Work&>> result;
    Event done(env.executor);
    const bool throws = co_await boost::asio::this_coro::throw_if_cancelled();
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    env.workers->submit([&result, &work] { result.emplace(work()); }, [&done] { done.notify(); });
    co_await done.wait_uncancellable();
    co_await boost::asio::this_coro::throw_if_cancelled(throws);
    co_return std::move(*result);
}

}  // namespace sotto
