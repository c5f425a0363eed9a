// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>

#include "base/task.hpp"

namespace sotto {

using Duration = std::chrono::nanoseconds;

/// Monotonic time since an arbitrary start. All timers use it; steps of the wall clock do not touch it.
struct TimePoint {
    Duration since_start{};
    friend auto operator<=>(TimePoint, TimePoint) = default;
    friend TimePoint operator+(TimePoint t, Duration d) noexcept { return {t.since_start + d}; }
    friend Duration operator-(TimePoint a, TimePoint b) noexcept { return a.since_start - b.since_start; }
};

/// Wall-clock time: seconds and nanoseconds since 1970. Only protocols that speak of dates use it.
struct WallTime {
    Duration since_epoch{};
    std::uint64_t seconds() const noexcept {
        return static_cast<std::uint64_t>(std::chrono::floor<std::chrono::seconds>(since_epoch).count());
    }
    std::uint64_t milliseconds() const noexcept {
        return static_cast<std::uint64_t>(std::chrono::floor<std::chrono::milliseconds>(since_epoch).count());
    }
    friend auto operator<=>(WallTime, WallTime) = default;
};

class TimerQueue;

/// Owns one armed call. Once it is destroyed or reset the call does not happen, even if it was already due.
class [[nodiscard]] Timer {
  public:
    Timer() = default;
    Timer(Timer&& other) noexcept;
    Timer& operator=(Timer&& other) noexcept;
    ~Timer();
    void reset() noexcept;
    bool armed() const noexcept;

  private:
    friend class TimerQueue;
    struct Entry;
    explicit Timer(std::shared_ptr<Entry> entry) noexcept;
    std::shared_ptr<Entry> entry_;
};

/// Source of time for everything above base. Two kinds: SystemClock, sim::World. Loop thread only.
class Clock {
  public:
    virtual ~Clock() = default;
    virtual TimePoint now() const noexcept = 0;
    virtual WallTime wall() const noexcept = 0;
    /// Calls `fire` once, from the loop, `delay` from now (at once if not positive), unless the handle goes first.
    virtual Timer after(Duration delay, std::move_only_function<void()> fire) = 0;
};

/// A moment by which something without a stream of its own (resolve, dial, upgrade, open) must be done.
struct Deadline {
    TimePoint at{Duration::max()};
    static Deadline in(const Clock& clock, Duration limit) { return {clock.now() + limit}; }
    Duration left(const Clock& clock) const noexcept { return at - clock.now(); }
};

/// Suspends for `delay`. Cancellation throws.
Task<void> sleep_for(Clock& clock, Duration delay);

}  // namespace sotto
