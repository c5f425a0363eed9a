// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "base/task.hpp"

namespace sotto::app {

/// Catches SIGINT and SIGTERM for as long as it lives. Make it before anybody can know that the process is there: a
/// signal that comes before wait() is kept.
class EndSignal {
  public:
    explicit EndSignal(const Executor& executor);
    ~EndSignal();
    /// Suspends until the first signal. From then on a second one ends the process at once.
    Task<void> wait();
    /// The next signal ends the process at once, as after wait().
    void end_at_next();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// What is done before a signal ends the process at once: async-signal-safe, or null.
void set_last_act(void (*act)()) noexcept;

/// Catches the signals of one number for as long as it lives; those that come before each() are kept.
class SignalWatch {
  public:
    SignalWatch(const Executor& executor, int number);
    ~SignalWatch();
    /// Calls `handler` at every one until it is cancelled.
    Task<void> each(std::function<void()> handler);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// Calls `handler` at every signal of that number until it is cancelled.
Task<void> on_each_signal(int number, std::function<void()> handler);

/// All cores but the loop's, at least one.
std::size_t worker_threads() noexcept;

}  // namespace sotto::app
