// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "base/clock.hpp"

namespace sotto {

/// Armed timers in the order they are due: ties fire in the order they were armed. The map is shared with the handles,
/// so a handle may outlive the queue. Arm and disarm cost one map operation (a steady_timer each costs ten times that).
class TimerQueue {
  public:
    TimerQueue();
    ~TimerQueue();
    Timer arm(TimePoint due, std::move_only_function<void()> fire);
    std::optional<TimePoint> next_due() const noexcept;
    /// Takes the first timer out and calls it. The queue must not be empty.
    void fire_next();
    std::size_t size() const noexcept;
    /// Drops all timers without calling them.
    void clear() noexcept;

    struct Shared;

  private:
    std::shared_ptr<Shared> shared_;
};

}  // namespace sotto
