// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "base/assert.hpp"
#include "base/env.hpp"
#include "sim/pipe.hpp"

namespace sotto::sim {

/// Virtual time, seeded randomness and inline workers: whole nodes run in it, and the same seed gives the same run.
/// Time moves only when nothing is ready. Single-threaded.
class World final : public Clock {
  public:
    /// 2019-07-29, when Status's network ran Whisper.
    static constexpr WallTime kStart{std::chrono::seconds(1'564'358'400)};

    explicit World(std::uint64_t seed = 1, WallTime start = kStart);
    World(const World&) = delete;
    World& operator=(const World&) = delete;
    /// Cancels what was spawned and waits for its end. No other task may be left.
    ~World() override;

    Env env() noexcept;
    /// The same world seen by a node whose wall clock is off.
    Env env_with_skew(Duration skew);

    TimePoint now() const noexcept override;
    WallTime wall() const noexcept override;
    Timer after(Duration delay, std::move_only_function<void()> fire) override;

    /// Runs `task` to its end and returns its value. A task that waits for what will never happen, or takes more than a
    /// year, is a failed assertion.
    template <class T>
    T run(Task<T> task) {
        std::optional<T> value;
        run_to_end(store(std::move(task), value));
        return std::move(*value);
    }
    void run(Task<void> task) { run_to_end(std::move(task)); }

    /// Starts a task that nobody waits for; it runs while the world runs. What it throws is a failed assertion.
    void spawn(Task<void> task);
    /// Lets so much time pass.
    void run_for(Duration time);
    /// Lets time pass until `done` says so, looking at each instant. False: not within `limit`; that much has passed.
    [[nodiscard]] bool run_until(const std::function<bool()>& done, Duration limit);

    /// A hash over what happened, where and when: equal for equal seeds.
    std::uint64_t trace() const noexcept;
    void note(std::uint64_t what) noexcept;
    void note(BytesView bytes) noexcept;
    /// 1, 2, 3 …: names for what the trace tells of.
    std::uint64_t next_number() noexcept;
    RandomSource& random() noexcept;

  private:
    template <class T>
    static Task<void> store(Task<T> task, std::optional<T>& value) {
        value.emplace(co_await std::move(task));
    }
    void run_to_end(Task<void> task);
    void settle();
    void move_to(TimePoint time) noexcept;
    bool advance();
    void stop_root();

    struct Impl;
    std::unique_ptr<Impl> impl_;
};

template <class T>
T run_task(World& world, Task<T> task) {
    return world.run(std::move(task));
}

}  // namespace sotto::sim
