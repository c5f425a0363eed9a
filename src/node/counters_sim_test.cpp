// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "node/counters.hpp"

#include "node/host_testing.hpp"
#include "node/traffic.hpp"
#include "sim/pipe.hpp"
#include "sim/stream_suite.hpp"

namespace sotto::node {
namespace {

using namespace std::chrono_literals;
using net::Network;
using testing::kBoth;
using testing::Party;
using testing::PartyOptions;
using testing::Rig;

using Reasons = std::map<Errc, std::uint64_t>;

std::unique_ptr<net::Stream> counted(std::unique_ptr<net::Stream> stream,
                                     const std::shared_ptr<Traffic>& traffic,
                                     const Clock& clock,
                                     std::shared_ptr<Pulse> pulse = std::make_shared<Pulse>()) {
    return count_traffic(std::move(stream), traffic, std::move(pulse), clock);
}

TEST(Traffic, KeepsTheContractOfAStream) {
    sim::stream_suite([](sim::StreamCase test) {
        sim::World world(7);
        auto [a, b] = sim::make_pipe(world, {.latency = 5ms, .max_read = 3000});
        const auto traffic = std::make_shared<Traffic>();
        world.run(test(world.env(), {counted(std::move(a), traffic, world), counted(std::move(b), traffic, world)}));
    });
}

TEST(Traffic, CountsEveryByteOnceEachWay) {
    sim::World world;
    auto [a, b] = sim::make_pipe(world);
    const auto traffic = std::make_shared<Traffic>();
    const auto pulse = std::make_shared<Pulse>();
    auto counting = counted(std::move(a), traffic, world, pulse);
    world.run([](net::Stream& here, net::Stream& there) -> Task<void> {
        const Bytes one(10, 1), two(7, 2);
        const BytesView pieces[] = {one, two};
        EXPECT_TRUE(co_await here.write(pieces));
        EXPECT_TRUE(co_await net::write(there, one));
        Bytes got(10);
        EXPECT_TRUE(co_await net::read_exact(here, got));
        EXPECT_EQ(here.try_read(got).error(), Errc::would_block);
    }(*counting, *b));
    EXPECT_EQ(traffic->out, 17u);
    EXPECT_EQ(traffic->in, 10u);
    EXPECT_EQ(pulse->heard, world.now());
}

TEST(HostCounters, CountDialsHandshakesEndsAndBytesByNetwork) {
    for (const auto kind : kBoth) {
        Rig().run([kind](Rig& rig) -> Task<void> {
            auto& a = rig.party(1);
            auto& b = rig.party(2);
            a.want(b, kind);
            co_await rig.sleep(2s);
            const auto at_a = a.host->counters();
            const auto at_b = b.host->counters();
            EXPECT_EQ(at_a.wanted, 1u);
            EXPECT_EQ(at_a.of(kind).dials.ok, 1u);
            EXPECT_EQ(at_a.of(kind).dials.failed, Reasons{});
            EXPECT_EQ(at_b.of(kind).handshakes.ok, 1u);
            EXPECT_EQ(at_b.of(kind).dials.ok, 0u);
            EXPECT_GT(at_a.of(kind).traffic.out, 200u);
            EXPECT_EQ(at_a.of(kind).traffic.out, at_b.of(kind).traffic.in);
            EXPECT_EQ(at_b.of(kind).traffic.out, at_a.of(kind).traffic.in);
            const auto other = kind == Network::devp2p ? Network::libp2p : Network::devp2p;
            EXPECT_EQ(at_a.of(other).traffic.out + at_a.of(other).traffic.in, 0u);
            a.parrot.end(Error(Errc::misbehaved, "it bit me"));
            co_await rig.sleep(500ms);
            EXPECT_EQ(a.host->counters().of(kind).closed, (Reasons{{Errc::misbehaved, 1}}));
            EXPECT_EQ(a.host->counters().wanted, 1u) << "it is dialled again";
            EXPECT_TRUE(a.host->remove_peer(b.id(kind)));
            EXPECT_EQ(a.host->counters().wanted, 0u);
        });
    }
}

TEST(HostCounters, CountFailedDialsByReason) {
    Rig().run([](Rig& rig) -> Task<void> {
        auto& a = rig.party(1);
        const auto& b = rig.party(2);
        // Its address with the id of another.
        const auto wrong = b.listen_address(Network::libp2p)
                               .with(AddrCode::p2p, crypto::PeerId(testing::key_of(9).public_key()).bytes());
        EXPECT_TRUE(a.host->add_peer(wrong));
        co_await rig.sleep(800ms);
        EXPECT_EQ(a.host->counters().of(Network::libp2p).dials.failed, (Reasons{{Errc::wrong_identity, 1}}));
        EXPECT_EQ(a.host->counters().of(Network::libp2p).dials.ok, 0u);
        EXPECT_EQ(a.host->counters().of(Network::devp2p).dials.failed, Reasons{});
    });
}

TEST(HostCounters, CountWhatTheGateRefusesByLimitAndWhatFailsItsHandshake) {
    for (const auto kind : kBoth) {
        Rig().run([kind](Rig& rig) -> Task<void> {
            PartyOptions options;
            options.limits.pending_handshakes = 1;
            auto& a = rig.party(1, options);
            const auto crowd = rig.network.transport({10, 0, 1, 1});
            const auto deadline = Deadline::in(rig.world, 10s);
            const auto first = co_await crowd->dial(a.address(kind), deadline);
            const auto second = co_await crowd->dial(a.address(kind), deadline);
            EXPECT_TRUE(first && second);
            co_await rig.sleep(1s);
            EXPECT_EQ(a.host->counters().handshaking, 1u);
            EXPECT_EQ(a.host->counters().refused, (std::map<std::string, std::uint64_t>{{"pending-handshakes", 1}}));
            co_await rig.sleep(30s);
            EXPECT_EQ(a.host->counters().handshaking, 0u);
            EXPECT_EQ(a.host->counters().of(kind).handshakes.failed, (Reasons{{Errc::timed_out, 1}}));
            EXPECT_EQ(a.host->counters().of(kind).handshakes.ok, 0u);
        });
    }
}

}  // namespace
}  // namespace sotto::node
