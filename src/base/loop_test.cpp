// SPDX-License-Identifier: Apache-2.0 OR MIT
// Real threads and a real clock: this is what the thread sanitizer looks at.
#include "base/loop.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/offload.hpp"
#include "base/task_group.hpp"
#include "base/this_executor.hpp"

namespace sotto {
namespace {

using namespace std::chrono_literals;

Task<void> add(Env env, std::uint64_t upto, std::uint64_t& sum, std::atomic<int>& threads) {
    const auto loop_thread = std::this_thread::get_id();
    const auto part = co_await offload(env, [&] {
        if (std::this_thread::get_id() != loop_thread) ++threads;
        std::uint64_t total = 0;
        for (std::uint64_t i = 1; i <= upto; ++i) total += i;
        return total;
    });
    EXPECT_EQ(std::this_thread::get_id(), loop_thread);
    sum += part;
}

TEST(Loop, OffloadsToWorkersAndResumesOnItsOwnThread) {
    Loop loop(3);
    std::uint64_t sum = 0;
    std::atomic<int> threads = 0;
    auto body = [&](TaskGroup& group) -> Task<Result<void>> {
        for (int i = 0; i < 200; ++i) EXPECT_TRUE(group.spawn(add(loop.env(), 1000, sum, threads)));
        co_await group.wait_all();
        co_return Result<void>{};
    };
    const auto main = [&]() -> Task<int> {
        (void)co_await with_group(loop.env(), 200, std::ref(body));
        co_return 7;
    };
    EXPECT_EQ(loop.run(main()), 7);
    EXPECT_EQ(sum, 200u * 500'500u);
    EXPECT_EQ(threads, 200);
}

TEST(Loop, CancelsWhileWorkersRunWithoutTouchingWhatIsGone) {
    Loop loop(2);
    std::uint64_t sum = 0;
    std::atomic<int> threads = 0;
    auto body = [&](TaskGroup& group) -> Task<Result<void>> {
        for (int i = 0; i < 50; ++i) group.spawn(add(loop.env(), 100'000, sum, threads));
        co_await yield_now();
        co_return Result<void>{};
    };
    const auto main = [&]() -> Task<int> {
        (void)co_await with_group(loop.env(), 50, std::ref(body));
        co_return 0;
    };
    EXPECT_EQ(loop.run(main()), 0);
    EXPECT_EQ(threads, 50);
}

TEST(Loop, FiresTimersInOrderAndNeverOneThatWasDropped) {
    Loop loop(1);
    std::vector<int> fired;
    const auto main = [&]() -> Task<int> {
        auto& clock = *loop.env().clock;
        const auto second = clock.after(20ms, [&] { fired.push_back(2); });
        const auto first = clock.after(10ms, [&] { fired.push_back(1); });
        auto dropped = clock.after(5ms, [&] { fired.push_back(0); });
        // The loop is late: the timer is due, but its handle goes before it is served.
        const auto until = clock.now() + 10ms;
        while (clock.now() < until) {
        }
        dropped.reset();
        co_await sleep_for(clock, 40ms);
        co_return 0;
    };
    EXPECT_EQ(loop.run(main()), 0);
    EXPECT_EQ(fired, (std::vector<int>{1, 2}));
}

}  // namespace
}  // namespace sotto
