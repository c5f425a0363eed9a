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

TEST(Pipe, KeepsWhatIsDueUntilItIsHealed) {
    World world;
    const auto control = std::make_shared<LinkControl>();
    auto [a, b] = make_pipe(world, {.latency = 10ms}, control);
    control->cut();
    EXPECT_TRUE(world.run(net::write(*a, view_of("held"))));
    world.run_for(1h);
    ByteArray<4> got;
    EXPECT_EQ(b->try_read(got).error().code(), Errc::would_block);
    b.reset();
    world.run_for(1h);
    EXPECT_TRUE(world.run(net::write(*a, view_of("not told yet"))));
    control->heal();
    world.run_for(0s);
    EXPECT_EQ(world.run(net::write(*a, view_of("x"))).error().code(), Errc::reset);
}

TEST(Pipe, FailsAtBothEndsWhenItsLinkIsReset) {
    World world;
    const auto control = std::make_shared<LinkControl>();
    auto [a, b] = make_pipe(world, {.latency = 10ms}, control);
    EXPECT_TRUE(world.run(net::write(*a, view_of("lost"))));
    const auto cause = world.after(5ms, [&] { control->reset(); });
    ByteArray<4> got;
    EXPECT_EQ(world.run(net::read_some(*b, got)).error().code(), Errc::reset);
    EXPECT_EQ(world.now().since_start, 5ms);
    EXPECT_EQ(world.run(net::write(*a, view_of("x"))).error().code(), Errc::reset);
    EXPECT_EQ(a->try_read(got).error().code(), Errc::reset);
}

TEST(Pipe, LeavesNoCutFrameWhenAWriteIsCancelledHalfWay) {
    World world;
    auto [a, b] = make_pipe(world, {.latency = 1ms, .window = 100});
    std::size_t written = 0;
    auto body = [&](TaskGroup& group) -> Task<Result<void>> {
        group.spawn(stream_cases::write_much(*a, 1, written));
        co_await sleep_for(world, 1s);
        co_return Result<void>{};
    };
    (void)world.run(with_group(world.env(), 1, std::ref(body)));
    EXPECT_EQ(written, 0u);
    EXPECT_EQ(world.run(net::write(*a, view_of("next frame"))).error().code(), Errc::reset);
    Bytes got;
    world.run(stream_cases::read_to_end(*b, got));
    EXPECT_EQ(got.size(), 100u);
}

}  // namespace
}  // namespace sotto::sim
