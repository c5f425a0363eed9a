// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/loop_lag.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <optional>

namespace sotto::rpc {
namespace {

using namespace std::chrono_literals;

/// A clock whose one timer is fired when the test says so, late.
class LateClock final : public Clock {
  public:
    TimePoint now() const noexcept override { return now_; }
    WallTime wall() const noexcept override { return {}; }
    Timer after(Duration delay, std::move_only_function<void()> fire) override {
        due_ = now_ + delay;
        fire_ = std::move(fire);
        return {};
    }
    void fire(Duration late) {
        now_ = due_ + late;
        std::exchange(fire_, nullptr)();
    }
    void advance(Duration time) { now_ = now_ + time; }

  private:
    TimePoint now_;
    TimePoint due_;
    std::move_only_function<void()> fire_;
};

TEST(LoopLag, SortsHowLateEachTickWas) {
    LateClock clock;
    const LoopLag lag(clock);
    for (const auto late : {0ms, 1ms, 3ms, 300ms, 9000ms}) clock.fire(late);
    const auto& histogram = lag.histogram();
    const decltype(histogram.counts) expected{2, 1, 0, 0, 0, 0, 1, 0, 0, 1};
    EXPECT_EQ(histogram.counts, expected) << "a bound belongs to its bucket, and what is above all has one";
    EXPECT_NEAR(histogram.sum, 9.304, 1e-9);
}

TEST(LoopLag, TellsTheLatestLatenessEvenBeforeItsTick) {
    LateClock clock;
    const LoopLag lag(clock);
    EXPECT_EQ(lag.latest(), 0ms);
    clock.fire(700ms);
    EXPECT_EQ(lag.latest(), 700ms);
    clock.fire(0ms);
    EXPECT_EQ(lag.latest(), 0ms);
    clock.advance(LoopLag::kPeriod + 2s);
    EXPECT_EQ(lag.latest(), 2s);
}

}  // namespace
}  // namespace sotto::rpc
