// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <benchmark/benchmark.h>

#include "base/task_group.hpp"
#include "libp2p/ping.hpp"
#include "sim/world.hpp"

namespace sotto::libp2p {
namespace {

Task<void> serve(net::Stream& stream) {
    (void)co_await serve_ping(stream);
}
Task<bool> ping_for(sim::World& world, TaskGroup& group, benchmark::State& state) {
    auto [ours, peer] = sim::make_pipe(world, {});
    group.spawn(serve(*peer));
    for (auto _ : state) {
        const auto round_trip = co_await ping(world.env(), *ours);
        if (!round_trip) state.SkipWithError("the ping failed");
    }
    state.SetItemsProcessed(state.iterations());
    co_return true;
}
Task<void> run(sim::World& world, benchmark::State& state) {
    auto body = [&](TaskGroup& group) { return ping_for(world, group, state); };
    co_await with_group(world.env(), 1, body);
}

/// The cost of both ends of a round trip, without a network.
void BM_Ping(benchmark::State& state) {
    sim::World world(1);
    world.run(run(world, state));
}
BENCHMARK(BM_Ping);

}  // namespace
}  // namespace sotto::libp2p
