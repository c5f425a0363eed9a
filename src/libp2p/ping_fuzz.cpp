// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <algorithm>

#include "base/fuzz.hpp"
#include "libp2p/heartbeat.hpp"
#include "libp2p/ping.hpp"
#include "sim/world.hpp"

namespace sotto::libp2p {
namespace {

/// Answers are what came, and whole pings only.
Task<void> serve(sim::World& world, BytesView input) {
    auto [peer, ours] = sim::make_pipe(world, {});
    SOTTO_FUZZ_CHECK(co_await net::write(*peer, input));
    SOTTO_FUZZ_CHECK(co_await peer->close_write());
    const auto served = co_await serve_ping(*ours);
    const auto whole = input.size() / kPingSize * kPingSize;
    SOTTO_FUZZ_CHECK(served.has_value() == (whole == input.size()));
    Bytes answers(whole);
    SOTTO_FUZZ_CHECK(co_await net::read_exact(*peer, answers));
    SOTTO_FUZZ_CHECK(equal(answers, input.first(whole)));
}

/// Each ping of the peer's is answered, and nothing else.
Task<void> beat(sim::World& world, BytesView input) {
    auto [peer, ours] = sim::make_pipe(world, {});
    SOTTO_FUZZ_CHECK(co_await net::write(*peer, input));
    SOTTO_FUZZ_CHECK(co_await peer->close_write());
    SOTTO_FUZZ_CHECK(co_await serve_heartbeat(*ours));
    Bytes answers(1 + static_cast<std::size_t>(std::ranges::count(input, Byte{1})));
    SOTTO_FUZZ_CHECK(co_await net::read_exact(*peer, answers));
    SOTTO_FUZZ_CHECK(answers.front() == 1 && std::ranges::count(answers, Byte{2}) + 1 == std::ssize(answers));
}

}  // namespace

SOTTO_FUZZ(heartbeat) {
    if (input.size() > 4096) return;
    sim::World world(1);
    world.run(beat(world, input));
}

SOTTO_FUZZ(ping) {
    if (input.size() > 4096) return;
    sim::World world(1);
    world.run(serve(world, input));
}

}  // namespace sotto::libp2p
