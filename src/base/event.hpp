// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <memory>

#include "base/task.hpp"

namespace sotto {

/// Wakes one waiting task. A notify without a waiter is remembered once (auto-reset). The waiter resumes through the
/// loop, never inside notify(). Cancellation of the waiter throws. Loop thread only; a second waiter is a bug.
class Event {
  public:
    explicit Event(Executor executor);
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;
    /// Destroying an event with a waiter is a bug: notify it first.
    ~Event();

    void notify() noexcept;
    Task<void> wait();
    /// As wait(), but a task that is cancelled meanwhile stays parked until it is notified: for joins, which must not
    /// be cut short. The caller switches this_coro::throw_if_cancelled off, else the call itself may throw.
    Task<void> wait_uncancellable();
    bool has_waiter() const noexcept { return waiter_ != nullptr; }

  private:
    struct Waiter;
    Task<void> park(bool cancellable);

    Executor executor_;
    std::unique_ptr<Waiter> waiter_;
    bool set_ = false;
};

}  // namespace sotto
