// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <boost/asio/this_coro.hpp>
#include <cstddef>
#include <exception>
#include <memory>
#include <utility>

#include "base/env.hpp"
#include "base/event.hpp"
#include "base/result.hpp"

namespace sotto {

/// Owns the tasks it starts: none outlives the group, which exists only inside with_group(). Loop thread only.
class TaskGroup {
  public:
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;
    /// Starts `task`; it may run before spawn returns. False: the group is closed or full and the task was dropped
    /// unstarted. An exception of a task other than cancellation is rethrown by with_group().
    bool spawn(Task<void> task);
    /// Refuses new tasks and cancels the running ones.
    void cancel() noexcept;
    /// Waits until no task is left. New tasks may be spawned meanwhile. Cancellation of the caller throws, as
    /// everywhere: the group is then cancelled and joined by with_group().
    Task<void> wait_all();
    std::size_t size() const noexcept;
    bool closed() const noexcept;

    /// For with_group() alone.
    TaskGroup(const Env& env, std::size_t limit);
    ~TaskGroup();
    Task<void> join();
    std::exception_ptr failure() const noexcept;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// Runs `body(group)`, then cancels and joins whatever the group still runs, on every path, and returns the body's
/// value. `limit` bounds the number of tasks that run at once.
template <class Body>
auto with_group(Env env, std::size_t limit, Body body) -> decltype(body(std::declval<TaskGroup&>())) {
    TaskGroup group(env, limit);
    std::exception_ptr thrown;
    using Value = typename decltype(body(group))::value_type;
    std::unique_ptr<Value> value;
    try {
        value = std::make_unique<Value>(co_await body(group));
    } catch (...) {
        thrown = std::current_exception();
    }
    // A task that is cancelled already throws at its next co_await, whatever that waits for: not here.
    const bool throws = co_await boost::asio::this_coro::throw_if_cancelled();
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    group.cancel();
    co_await group.join();
    co_await boost::asio::this_coro::throw_if_cancelled(throws);
    if (thrown) std::rethrow_exception(thrown);
    if (group.failure()) std::rethrow_exception(group.failure());
    co_return std::move(*value);
}

}  // namespace sotto
