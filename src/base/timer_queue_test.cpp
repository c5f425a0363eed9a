// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "base/timer_queue.hpp"

#include <gtest/gtest.h>

namespace sotto {
namespace {

using namespace std::chrono_literals;

TEST(TimerQueue, FiresByTimeThenByOrderOfArming) {
    TimerQueue queue;
    std::string order;
    const auto c = queue.arm({2s}, [&] { order += 'c'; });
    const auto a = queue.arm({1s}, [&] { order += 'a'; });
    const auto b = queue.arm({1s}, [&] { order += 'b'; });
    while (queue.next_due()) queue.fire_next();
    EXPECT_EQ(order, "abc");
    EXPECT_FALSE(a.armed());
}

TEST(TimerQueue, ForgetsATimerWhoseHandleIsGone) {
    TimerQueue queue;
    bool fired = false;
    {
        const auto timer = queue.arm({1s}, [&] { fired = true; });
    }
    EXPECT_FALSE(queue.next_due());
    auto moved = queue.arm({1s}, [&] { fired = true; });
    auto other = std::move(moved);
    EXPECT_TRUE(other.armed());
    other = queue.arm({2s}, [] {});
    EXPECT_EQ(queue.size(), 1u);
    EXPECT_FALSE(fired);
}

TEST(TimerQueue, LetsATimerDropItselfAndOthersWhileItFires) {
    TimerQueue queue;
    int fired = 0;
    Timer second = queue.arm({2s}, [&] { ++fired; });
    Timer first;
    first = queue.arm({1s}, [&] {
        ++fired;
        first.reset();
        second.reset();
    });
    queue.fire_next();
    EXPECT_EQ(fired, 1);
    EXPECT_EQ(queue.size(), 0u);
}

TEST(Timer, OutlivesItsQueue) {
    Timer timer;
    {
        TimerQueue queue;
        timer = queue.arm({1s}, [] {});
    }
    EXPECT_FALSE(timer.armed());
}

}  // namespace
}  // namespace sotto
