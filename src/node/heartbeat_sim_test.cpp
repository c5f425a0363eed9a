// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "node/host_testing.hpp"

namespace sotto::node {
namespace {

using namespace std::chrono_literals;
using net::Network;
using testing::kBoth;
using testing::Party;
using testing::Rig;

using States = std::vector<PeerState>;

/// Notes when a party's connections came into which state.
struct Watch {
    explicit Watch(Party& party, const Clock& clock)
        : subscription(party.host->states().subscribe([this, &clock](const PeerStateEvent& event) {
              states.push_back(event.state);
              times.push_back(clock.now());
              reasons.push_back(event.reason);
          })) {}
    States states;
    std::vector<TimePoint> times;
    std::vector<std::optional<Error>> reasons;
    Subscription subscription;
};

TEST(Heartbeat, AnIdleHealthyPeerIsNeverSuspect) {
    for (const auto kind : kBoth) {
        Rig().run([kind](Rig& rig) -> Task<void> {
            auto& a = rig.party(1);
            auto& b = rig.party(2);
            Watch at_a(a, rig.world);
            Watch at_b(b, rig.world);
            a.want(b, kind);
            co_await rig.sleep(3h);
            EXPECT_EQ(at_a.states, (States{PeerState::connecting, PeerState::ok}));
            EXPECT_EQ(at_b.states, States{PeerState::ok});
        });
    }
}

TEST(Heartbeat, ABlackHoledPeerIsSuspectWithinTwoPeriodsDeadWithinThreeAndRedialled) {
    for (const auto kind : kBoth) {
        for (const auto quiet : {1s, 7s, 14s, 16s, 29s}) {
            Rig().run([kind, quiet](Rig& rig) -> Task<void> {
                auto& a = rig.party(1);
                auto& b = rig.party(2);
                Watch at_a(a, rig.world);
                Watch at_b(b, rig.world);
                a.want(b, kind);
                co_await rig.sleep(quiet);
                const auto cut = rig.world.now();
                rig.network.partition({a.ip});
                co_await rig.sleep(30s);
                EXPECT_EQ(at_a.states.at(2), PeerState::suspect);
                EXPECT_LE(at_a.times.at(2) - cut, 30s);
                EXPECT_EQ(at_b.states.at(1), PeerState::suspect);
                co_await rig.sleep(16s);
                EXPECT_EQ(at_b.states.at(2), PeerState::dead);
                EXPECT_EQ(at_b.reasons.at(2)->code(), Errc::timed_out);
                EXPECT_GE(std::ranges::count(at_a.states, PeerState::connecting), 2) << "not dialled anew";
                rig.network.heal();
                co_await rig.sleep(1min);
                EXPECT_EQ(at_a.states.back(), PeerState::ok);
                EXPECT_EQ(a.carriers(), std::vector{kind});
                EXPECT_FALSE(a.host->suspect(b.id(kind)));
            });
        }
    }
}

TEST(Heartbeat, ASuspectPeerThatIsHeardAgainIsOkAgain) {
    for (const auto kind : kBoth) {
        Rig().run([kind](Rig& rig) -> Task<void> {
            auto& a = rig.party(1);
            auto& b = rig.party(2);
            Watch at_b(b, rig.world);
            a.want(b, kind);
            co_await rig.sleep(16s);
            rig.network.partition({a.ip});
            co_await rig.sleep(26s);
            EXPECT_TRUE(b.host->suspect(a.id(kind)));
            EXPECT_TRUE(b.host->peers().at(0).suspect);
            rig.network.heal();
            co_await rig.sleep(20s);
            EXPECT_EQ(b.host->peer_count(), 1u);
            EXPECT_FALSE(b.host->peers().at(0).suspect);
            EXPECT_EQ(b.carriers(), std::vector{kind});
            // By the old connection or by the one that the other end dialled meanwhile.
            const auto suspect = std::ranges::find(at_b.states, PeerState::suspect);
            EXPECT_NE(std::find(suspect, at_b.states.end(), PeerState::ok), at_b.states.end());
        });
    }
}

/// A peer whose process is gone without a word, as behind a NAT that forgot the connection, and that comes back.
TEST(Heartbeat, ANewConnectionTakesTheSuspectOnesPlace) {
    for (const auto kind : kBoth) {
        Rig().run([kind](Rig& rig) -> Task<void> {
            auto& a = rig.party(1);
            auto& b = rig.party(2);
            a.want(b, kind);
            b.want(a, kind);
            co_await rig.sleep(30s);
            rig.network.partition({a.ip});
            co_await rig.sleep(27s);
            rig.network.heal();
            co_await rig.sleep(30s);
            EXPECT_EQ(a.carriers(), std::vector{kind});
            EXPECT_EQ(b.carriers(), std::vector{kind});
            EXPECT_EQ(a.host->peer_count(), 1u);
            co_await a.parrot.say("still here");
            co_await rig.sleep(1s);
            EXPECT_EQ(b.parrot.heard.back(), "still here");
        });
    }
}

}  // namespace
}  // namespace sotto::node
