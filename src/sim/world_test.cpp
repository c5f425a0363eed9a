// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "sim/world.hpp"

#include <gtest/gtest.h>

#include "base/offload.hpp"
#include "base/task_group.hpp"
#include "base/this_executor.hpp"

namespace sotto::sim {
namespace {

using namespace std::chrono_literals;

Task<void> send(net::Stream& stream, BytesView bytes) {
    EXPECT_TRUE(co_await net::write(stream, bytes));
    EXPECT_TRUE(co_await stream.close_write());
}

Task<void> drain(net::Stream& stream) {
    Bytes chunk(3000);
    for (;;) {
        const auto count = co_await net::read_some(stream, chunk);
        if (!count || *count == 0) co_return;
    }
}

std::uint64_t trace_of(std::uint64_t seed, const Link& link, BytesView bytes) {
    World world(seed);
    auto [a, b] = make_pipe(world, link);
    world.spawn(send(*a, bytes));
    world.run(drain(*b));
    return world.trace();
}

TEST(World, GivesTheSameTraceForTheSameSeed) {
    const Link weather{.latency = 5ms, .jitter = 20ms, .loss = 0.05, .window = 10'000};
    const Bytes bytes(200'000, 1);
    EXPECT_EQ(trace_of(1, weather, bytes), trace_of(1, weather, bytes));
    EXPECT_NE(trace_of(1, weather, bytes), trace_of(2, weather, bytes));
}

TEST(World, TracesWhatWentByNotOnlyWhen) {
    const Link calm{.latency = 5ms};
    Bytes bytes(1000, 1);
    const auto before = trace_of(1, calm, bytes);
    bytes[999] ^= 1;
    EXPECT_NE(trace_of(1, calm, bytes), before);
}

TEST(World, DrawsTheSameNumbersForTheSameSeed) {
    World one(7), again(7), other(8);
    const auto drawn = one.random().bytes(100);
    EXPECT_EQ(again.env().random->bytes(100), drawn);
    EXPECT_NE(other.random().bytes(100), drawn);
}

TEST(World, ShowsANodeItsOwnWallClock) {
    World world(1, WallTime{1'000'000s});
    EXPECT_EQ(world.wall().seconds(), 1'000'000u);
    const auto fast = world.env_with_skew(11s);
    const auto slow = world.env_with_skew(-11s);
    world.run_for(5s);
    EXPECT_EQ(world.wall().seconds(), 1'000'005u);
    EXPECT_EQ(fast.clock->wall().seconds(), 1'000'016u);
    EXPECT_EQ(slow.clock->wall().seconds(), 999'994u);
    EXPECT_EQ(fast.clock->now(), world.now());
}

TEST(World, CompletesWorkAtAVirtualCost) {
    World world;
    EXPECT_EQ(world.run(offload(world.env(), [] { return 7; })), 7);
    EXPECT_GT(world.now().since_start, 0s);
    EXPECT_LT(world.now().since_start, 10ms);
}

Task<void> tick(World& world, int& ticks) {
    for (;;) {
        co_await sleep_for(world, 1s);
        ++ticks;
    }
}

TEST(World, LetsTimePassForWhatWasSpawned) {
    World world;
    int ticks = 0;
    world.spawn(tick(world, ticks));
    world.run_for(10s);
    EXPECT_EQ(ticks, 10);
    EXPECT_EQ(world.now().since_start, 10s);
    EXPECT_TRUE(world.run_until([&] { return ticks == 15; }, 1h));
    EXPECT_EQ(world.now().since_start, 15s);
    EXPECT_FALSE(world.run_until([&] { return ticks == 100; }, 10s));
    EXPECT_EQ(world.now().since_start, 25s);
}

TEST(World, LetsTimePassWhereNothingHappens) {
    World world;
    world.run_for(24h);
    EXPECT_EQ(world.now().since_start, 24h);
}

TEST(World, CancelsWhatWasSpawnedAndWaitsForIt) {
    struct Slow {
        static Task<void> run(World& world, bool& cleaned) {
            auto body = [&](TaskGroup&) -> Task<Result<void>> {
                co_await sleep_for(world, 1h);
                co_return Result<void>{};
            };
            try {
                (void)co_await with_group(world.env(), 1, std::ref(body));
            } catch (...) {
                cleaned = true;
                throw;
            }
        }
    };
    bool cleaned = false;
    {
        World world;
        world.spawn(Slow::run(world, cleaned));
        world.run_for(1s);
    }
    EXPECT_TRUE(cleaned);
}

struct Stuck {
    static Task<void> wait(Event& event) { co_await event.wait(); }
    static Task<void> spin() {
        for (;;) co_await yield_now();
    }
    static Task<void> keep_alive(World& world) {
        for (;;) co_await sleep_for(world, 1h);
    }
    static Task<void> fail(World& world) {
        co_await sleep_for(world, 1s);
        throw std::runtime_error("broken");
    }
};

TEST(World, RethrowsWhatATaskThrew) {
    World world;
    EXPECT_THROW(world.run(Stuck::fail(world)), std::runtime_error);
}

using WorldDeathTest = testing::Test;

TEST(WorldDeathTest, RefusesATaskThatCanNeverEnd) {
    World world;
    Event never(world.env().executor);
    EXPECT_DEATH(world.run(Stuck::wait(never)), "never happen");
}

TEST(WorldDeathTest, RefusesATaskThatGoesOnForEver) {
    World world;
    EXPECT_DEATH(world.run(Stuck::keep_alive(world)), "does not end");
}

TEST(WorldDeathTest, RefusesALivelock) {
    World world;
    EXPECT_DEATH(world.run(Stuck::spin()), "livelock");
}

TEST(WorldDeathTest, TellsOfASpawnedTaskThatThrew) {
    EXPECT_DEATH(
        {
            World world;
            world.spawn(Stuck::fail(world));
            world.run_for(2s);
        },
        "a spawned task threw");
}

}  // namespace
}  // namespace sotto::sim
