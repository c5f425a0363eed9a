// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "sim/pipe.hpp"

#include <gtest/gtest.h>

#include "sim/stream_suite.hpp"
#include "sim/world.hpp"

namespace sotto::sim {
namespace {

using namespace std::chrono_literals;

TEST(Pipe, KeepsTheContractOfAStream) {
    const Link kLinks[] = {{},
                           {.latency = 20ms},
                           {.latency = 5ms, .jitter = 10ms, .loss = 0.1, .window = 5000},
                           {.latency = 1ms, .max_read = 300}};
    for (const auto& link : kLinks) {
        stream_suite([&](StreamCase test) {
            World world(7);
            world.run(test(world.env(), make_pipe(world, link)));
        });
    }
}

Task<Duration> transfer(World& world, StreamPair ends, std::size_t size) {
    Bytes got;
    const auto bytes = world.random().bytes(size);
    const auto begun = world.now();
    auto body = [&](TaskGroup& group) -> Task<Result<void>> {
        group.spawn(stream_cases::write_and_close(*ends.first, bytes));
        co_await stream_cases::read_to_end(*ends.second, got);
        co_return Result<void>{};
    };
    (void)co_await with_group(world.env(), 1, std::ref(body));
    EXPECT_EQ(got, bytes);
    co_return world.now() - begun;
}

TEST(Pipe, TakesTheTimeThatItsLinkTakes) {
    World world;
    EXPECT_EQ(world.run(transfer(world, make_pipe(world, {.latency = 30ms}), 100)), 30ms);
    EXPECT_EQ(world.run(transfer(world, make_pipe(world, {.latency = 30ms, .bytes_per_second = 1000}), 500)), 530ms);
    EXPECT_GT(world.run(transfer(world, make_pipe(world, {.latency = 30ms, .loss = 0.3}), 100'000)), 200ms);
}

TEST(Pipe, HoldsBytesBackWhileItIsCut) {
    World world;
    const auto control = std::make_shared<LinkControl>();
    control->cut();
    const auto heal = world.after(10s, [&] { control->heal(); });
    EXPECT_GE(world.run(transfer(world, make_pipe(world, {.latency = 1ms}, control), 1000)), 10s);
}

std::uint64_t trace_of(std::uint64_t seed) {
    World world(seed);
    const Link link{.latency = 5ms, .jitter = 20ms, .loss = 0.05, .window = 10'000};
    (void)world.run(transfer(world, make_pipe(world, link), 200'000));
    return world.trace();
}

TEST(World, GivesTheSameTraceForTheSameSeed) {
    EXPECT_EQ(trace_of(1), trace_of(1));
    EXPECT_NE(trace_of(1), trace_of(2));
}

TEST(World, ShowsANodeItsOwnWallClock) {
    World world;
    EXPECT_EQ(world.env_with_skew(11s).clock->wall().seconds(), world.wall().seconds() + 11);
    EXPECT_EQ(world.env_with_skew(11s).clock->now(), world.now());
}

TEST(WorldDeathTest, RefusesATaskThatCanNeverEnd) {
    EXPECT_DEATH(
        {
            World world;
            struct Stuck {
                static Task<void> run(Event& event) { co_await event.wait(); }
            };
            Event never(world.env().executor);
            world.run(Stuck::run(never));
        },
        "never happen");
}

}  // namespace
}  // namespace sotto::sim
