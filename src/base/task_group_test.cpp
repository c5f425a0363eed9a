// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "base/task_group.hpp"

#include <gtest/gtest.h>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/system/system_error.hpp>

#include "base/offload.hpp"
#include "sim/world.hpp"

namespace sotto {
namespace {

using namespace std::chrono_literals;

int alive = 0;
struct Alive {
    Alive() { ++alive; }
    ~Alive() { --alive; }
};

Task<void> nap(Clock& clock, Duration time) {
    const Alive here;
    co_await sleep_for(clock, time);
}

/// Groups in groups, as connections in a host.
Task<void> inner(sim::World& world) {
    const Alive here;
    auto body = [&world](TaskGroup& group) -> Task<Result<void>> {
        for (int i = 0; i < 3; ++i) group.spawn(nap(world, 1h));
        co_await sleep_for(world, 20s);
        co_return Result<void>{};
    };
    (void)co_await with_group(world.env(), 8, std::ref(body));
    co_await sleep_for(world, 10h);
}

Task<void> outer(sim::World& world, int& stage) {
    auto body = [&world](TaskGroup& group) -> Task<Result<void>> {
        for (int i = 0; i < 5; ++i) group.spawn(inner(world));
        co_await sleep_for(world, 60s);
        co_return Result<void>{};
    };
    (void)co_await with_group(world.env(), 8, std::ref(body));
    stage = 1;
    co_await sleep_for(world, 1h);
    stage = 2;
}

/// Cancels outer() at `moment`.
Task<Result<int>> cancelled_at(sim::World& world, Duration moment) {
    int stage = 0;
    auto body = [&](TaskGroup& group) -> Task<Result<int>> {
        group.spawn(outer(world, stage));
        co_await sleep_for(world, moment);
        co_return 0;
    };
    SOTTO_CO_CHECK(co_await with_group(world.env(), 1, std::ref(body)));
    co_return stage;
}

TEST(TaskGroup, LeavesNothingBehindWhateverTheMomentOfCancellation) {
    for (int step = 0; step < 240; ++step) {
        sim::World world;
        const auto stage = world.run(cancelled_at(world, step * 500ms));
        EXPECT_LT(*stage, 2);
        EXPECT_EQ(alive, 0) << step;
    }
}

TEST(TaskGroup, RefusesTasksAboveItsLimitAndWhenClosed) {
    sim::World world;
    std::size_t refused = 0;
    auto body = [&](TaskGroup& group) -> Task<Result<void>> {
        for (int i = 0; i < 12; ++i) refused += group.spawn(nap(world, 1s)) ? 0 : 1;
        co_await group.wait_all();
        EXPECT_TRUE(group.spawn(nap(world, 1s)));
        group.cancel();
        EXPECT_FALSE(group.spawn(nap(world, 1s)));
        co_return Result<void>{};
    };
    (void)world.run(with_group(world.env(), 10, std::ref(body)));
    EXPECT_EQ(refused, 2u);
    EXPECT_EQ(alive, 0);
}

TEST(TaskGroup, PassesOnWhatATaskThrewButNotCancellation) {
    sim::World world;
    struct Broken {
        static Task<void> run(Clock& clock) {
            co_await sleep_for(clock, 1s);
            throw std::runtime_error("broken");
        }
    };
    auto body = [&](TaskGroup& group) -> Task<Result<void>> {
        group.spawn(nap(world, 1h));
        group.spawn(Broken::run(world));
        co_await sleep_for(world, 5s);
        co_return Result<void>{};
    };
    EXPECT_THROW((void)world.run(with_group(world.env(), 4, std::ref(body))), std::runtime_error);
    EXPECT_EQ(alive, 0);
}

TEST(Offload, WaitsForItsWorkEvenWhenCancelled) {
    sim::World world;
    bool worked = false;
    struct Work {
        static Task<void> run(Env env, bool& flag) {
            co_await offload(env, [&flag] { return flag = true; });
            co_await sleep_for(*env.clock, 1h);
        }
    };
    auto body = [&](TaskGroup& group) -> Task<Result<void>> {
        group.spawn(Work::run(world.env(), worked));
        co_return Result<void>{};
    };
    (void)world.run(with_group(world.env(), 1, std::ref(body)));
    EXPECT_TRUE(worked);
    EXPECT_LT(world.now().since_start, 1s);
}

}  // namespace
}  // namespace sotto
