// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <gtest/gtest.h>

#include "base/task_group.hpp"
#include "libp2p/ping.hpp"
#include "sim/world.hpp"

namespace sotto::libp2p {
namespace {

using namespace std::chrono_literals;

Task<void> serve(net::Stream& stream) {
    EXPECT_TRUE(co_await serve_ping(stream));
    EXPECT_TRUE(co_await stream.close_write());
}
Task<bool> measure(sim::World& world, TaskGroup& group, Duration latency, std::vector<Duration>& round_trips) {
    auto [ours, peer] = sim::make_pipe(world, {.latency = latency});
    group.spawn(serve(*peer));
    for (int i = 0; i < 10; ++i) {
        const auto round_trip = co_await ping(world.env(), *ours);
        EXPECT_TRUE(round_trip);
        round_trips.push_back(round_trip.value_or(Duration::zero()));
        co_await sleep_for(world, 15s);
    }
    EXPECT_TRUE(co_await net::finish(*ours, 100));
    co_await group.wait_all();
    co_return true;
}
Task<void> run(sim::World& world, Duration latency, std::vector<Duration>& round_trips) {
    auto body = [&](TaskGroup& group) { return measure(world, group, latency, round_trips); };
    co_await with_group(world.env(), 1, body);
}

TEST(Ping, MeasuresTheRoundTripOfTheLinkEachTime) {
    for (const auto latency : {1ms, 40ms, 500ms}) {
        sim::World world(1);
        std::vector<Duration> round_trips;
        world.run(run(world, latency, round_trips));
        EXPECT_EQ(round_trips, std::vector<Duration>(10, 2 * latency));
    }
}

}  // namespace
}  // namespace sotto::libp2p
