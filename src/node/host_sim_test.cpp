// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "node/host.hpp"

#include "node/dial_schedule.hpp"
#include "node/host_testing.hpp"

namespace sotto::node {
namespace {

using namespace std::chrono_literals;
using net::Network;
using net::Role;
using testing::kBoth;
using testing::key_of;
using testing::Parrot;
using testing::Party;
using testing::Rig;

TEST(Host, DialsAWantedPeerAndRunsTheProtocol) {
    for (const auto kind : kBoth) {
        Rig().run([kind](Rig& rig) -> Task<void> {
            auto& a = rig.party(1);
            auto& b = rig.party(2);
            a.want(b, kind);
            co_await rig.sleep(1s);
            EXPECT_EQ(a.ups(), 1u);
            EXPECT_EQ(b.ups(), 1u);
            const auto& event = b.events.at(0).event;
            EXPECT_EQ(event.peer, a.id(kind));
            EXPECT_EQ(event.network, kind);
            EXPECT_EQ(event.role, Role::listener);
            EXPECT_EQ(event.protocol, "parrot");
            EXPECT_TRUE(equal(event.remote.ip(), a.ip));
            const auto at_a = a.host->peers();
            EXPECT_EQ(at_a.size(), 1u);
            EXPECT_TRUE(at_a.at(0).wanted);
            EXPECT_EQ(at_a.at(0).identity.id, b.id(kind));
            EXPECT_EQ(at_a.at(0).sessions, std::vector<std::string>{"parrot"});
            EXPECT_FALSE(b.host->peers().at(0).wanted);
            const auto ping = co_await a.host->ping(b.id(kind), 5s);
            EXPECT_GE(ping.value(), 40ms);
            co_await a.parrot.say("polly");
            co_await rig.sleep(1s);
            EXPECT_EQ(b.parrot.heard, std::vector<std::string>{"polly"});
        });
    }
}

TEST(Host, SaysConnectedOnlyAfterTheProtocolsHandshake) {
    for (const auto kind : kBoth) {
        Rig().run([kind](Rig& rig) -> Task<void> {
            auto& a = rig.party(1);
            auto& b = rig.party(2);
            b.parrot.slow_greeting = 4s;
            a.want(b, kind);
            co_await rig.sleep(3s);
            EXPECT_EQ(a.host->peer_count(), 1u);
            EXPECT_TRUE(a.host->peers().at(0).sessions.empty());
            EXPECT_TRUE(a.events.empty());
            co_await rig.sleep(2s);
            EXPECT_EQ(a.ups(), 1u);
        });
    }
}

TEST(Host, SaysDisconnectedWithTheReason) {
    for (const auto kind : kBoth) {
        Rig().run([kind](Rig& rig) -> Task<void> {
            auto& a = rig.party(1);
            auto& b = rig.party(2);
            a.want(b, kind);
            co_await rig.sleep(1s);
            a.parrot.end(Error(Errc::misbehaved, "it bit me"));
            co_await rig.sleep(500ms);
            EXPECT_EQ(a.downs(), 1u);
            EXPECT_EQ(b.downs(), 1u);
            EXPECT_EQ(a.events.at(1).event.reason.value().detail(), "it bit me");
            EXPECT_TRUE(b.events.at(1).event.reason.has_value());
            EXPECT_EQ(b.host->peer_count(), 0u);
        });
    }
}

/// Takes connections and drops them, and notes when.
Task<void> drop_all(net::Listener& listener, Clock& clock, std::vector<TimePoint>& times) {
    for (;;) {
        auto raw = co_await listener.accept();
        if (!raw) co_return;
        times.push_back(clock.now());
    }
}

TEST(Host, DialsWithGrowingPauses) {
    for (const auto kind : kBoth) {
        Rig().run([kind](Rig& rig) -> Task<void> {
            auto& a = rig.party(1);
            const auto there = rig.network.transport(Party::ip_of(2));
            auto address = Multiaddr::from_ip(Party::ip_of(2), 5);
            if (kind == Network::devp2p) address = address.with(AddrCode::rlpx);
            const auto listener = there->listen(address).value();
            std::vector<TimePoint> times;
            rig.group().spawn(drop_all(*listener, rig.world, times));
            const auto id = crypto::PeerId(key_of(2).public_key());
            EXPECT_TRUE(a.host->add_peer(address.with(AddrCode::p2p, id.bytes())));
            co_await rig.sleep(10min);
            EXPECT_GE(times.size(), 8u);
            EXPECT_LE(times.size(), 12u);
            for (std::size_t i = 1; i < times.size(); ++i) {
                const auto base =
                    std::min<Duration>(DialSchedule::kFirstDelay * (1 << (i - 1)), DialSchedule::kLongestDelay);
                EXPECT_GE(times[i] - times[i - 1], base * 3 / 4) << i;
                EXPECT_LE(times[i] - times[i - 1], base * 5 / 4 + 2s) << i;
            }
            EXPECT_TRUE(a.events.empty());
            listener->close();
        });
    }
}

TEST(Host, ComesBackToAPeerThatWasKilled) {
    for (const auto kind : kBoth) {
        Rig().run([kind](Rig& rig) -> Task<void> {
            auto& a = rig.party(1);
            auto& b = rig.party(2);
            a.want(b, kind);
            co_await rig.sleep(1s);
            co_await rig.kill(b);
            co_await rig.sleep(20s);
            EXPECT_EQ(a.downs(), 1u);
            EXPECT_EQ(a.host->peer_count(), 0u);
            auto& again = rig.party(2);
            co_await rig.sleep(30s);
            EXPECT_EQ(a.ups(), 2u);
            EXPECT_EQ(again.ups(), 1u);
        });
    }
}

TEST(Host, ComesBackAfterAPartition) {
    for (const auto kind : kBoth) {
        Rig().run([kind](Rig& rig) -> Task<void> {
            auto& a = rig.party(1);
            auto& b = rig.party(2);
            a.want(b, kind);
            co_await rig.sleep(1s);
            rig.network.partition({a.ip});
            co_await rig.sleep(2min);
            EXPECT_EQ(a.downs(), 1u) << "the keepalive found out";
            EXPECT_EQ(b.downs(), 1u);
            rig.network.heal();
            co_await rig.sleep(5min);
            EXPECT_EQ(a.carriers(), std::vector{kind});
            EXPECT_EQ(b.carriers(), std::vector{kind});
        });
    }
}

Task<void> dial_each_other(Rig& rig, Network kind, Duration lead) {
    auto [a, b] = rig.two_keyed_parties(kind);
    a.want(b, kind);
    co_await rig.sleep(lead);
    b.want(a, kind);
    co_await rig.sleep(10s);
    const auto at_a = a.host->peers();
    const auto at_b = b.host->peers();
    EXPECT_EQ(at_a.size(), 1u);
    EXPECT_EQ(at_b.size(), 1u);
    if (at_a.empty() || at_b.empty()) co_return;
    EXPECT_EQ(at_a[0].info.local, at_b[0].info.remote) << "not the same connection";
    EXPECT_NE(at_a[0].info.role, at_b[0].info.role);
    EXPECT_GT(at_a[0].age, 9s) << "both were lost at first";
    EXPECT_EQ(a.carriers(), std::vector{kind});
    EXPECT_EQ(b.carriers(), std::vector{kind});
    EXPECT_EQ(a.ups(), a.downs() + 1);
    EXPECT_EQ(b.ups(), b.downs() + 1);
    co_await rig.sleep(5min);
    EXPECT_GT(a.host->peers().at(0).age, 5min) << "dialled again";
}

TEST(Host, CollapsesSimultaneousDialsToTheSameConnection) {
    for (const auto kind : kBoth) {
        for (std::uint64_t seed = 1; seed <= 20; ++seed) {
            SCOPED_TRACE(seed);
            const auto lead = std::chrono::milliseconds(seed * 10 - 10);
            Rig(seed).run([kind, lead](Rig& rig) { return dial_each_other(rig, kind, lead); });
        }
    }
}

TEST(Host, KeepsTheConnectionThatTheSmallerIdDialled) {
    for (const auto kind : kBoth) {
        Rig().run([kind](Rig& rig) -> Task<void> {
            auto [a, b] = rig.two_keyed_parties(kind);
            a.want(b, kind);
            b.want(a, kind);
            co_await rig.sleep(10s);
            EXPECT_EQ(a.host->peers().at(0).info.role, Role::dialer);
            EXPECT_EQ(b.host->peers().at(0).info.role, Role::listener);
        });
    }
}

TEST(Host, RunsOneSessionPerPeerOverBothNetworks) {
    for (const auto first : kBoth) {
        Rig().run([first](Rig& rig) -> Task<void> {
            const auto second = first == Network::devp2p ? Network::libp2p : Network::devp2p;
            auto& a = rig.party(1);
            auto& b = rig.party(2);
            a.want(b, first);
            co_await rig.sleep(2s);
            a.want(b, second);
            co_await rig.sleep(20s);
            EXPECT_EQ(a.host->peer_count(), 2u);
            EXPECT_EQ(a.carriers(), std::vector{first}) << "the second connection stands by";
            EXPECT_EQ(b.carriers(), std::vector{first});
            EXPECT_EQ(b.ups(), 1u);
            a.parrot.end(Error(Errc::misbehaved));
            co_await rig.sleep(200ms);
            EXPECT_EQ(a.carriers(), std::vector{second}) << "the second connection takes over";
            co_await rig.sleep(30s);
            EXPECT_EQ(b.carriers(), std::vector{second});
            EXPECT_EQ(a.host->peer_count(), 2u) << "the first is dialled again";
            EXPECT_EQ(b.ups(), 2u);
            EXPECT_EQ(b.downs(), 1u);
        });
    }
}

TEST(Host, AgreesOnOneNetworkWhenBothAreDialledAtOnce) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        SCOPED_TRACE(seed);
        Rig(seed).run([](Rig& rig) -> Task<void> {
            auto& a = rig.party(1);
            auto& b = rig.party(2);
            a.want(b, Network::devp2p);
            b.want(a, Network::libp2p);
            co_await rig.sleep(60s);
            EXPECT_EQ(a.carriers().size(), 1u);
            EXPECT_EQ(a.carriers(), b.carriers());
            EXPECT_EQ(a.host->peer_count(), 2u);
            co_await a.parrot.say("one");
            co_await rig.sleep(1s);
            EXPECT_EQ(b.parrot.heard, std::vector<std::string>{"one"});
        });
    }
}

TEST(Host, RefusesToWantItself) {
    for (const auto kind : kBoth) {
        Rig().run([kind](Rig& rig) -> Task<void> {
            auto& a = rig.party(1);
            EXPECT_EQ(a.host->add_peer(a.address(kind)).error().code(), Errc::invalid_argument);
            co_await rig.sleep(10s);
            EXPECT_EQ(a.host->peer_count(), 0u);
            EXPECT_TRUE(a.events.empty());
        });
    }
}

TEST(Host, RemovesAPeerForGood) {
    for (const auto kind : kBoth) {
        Rig().run([kind](Rig& rig) -> Task<void> {
            auto& a = rig.party(1);
            auto& b = rig.party(2);
            a.want(b, kind);
            co_await rig.sleep(1s);
            EXPECT_TRUE(a.host->remove_peer(b.id(kind)));
            co_await rig.sleep(10min);
            EXPECT_EQ(a.host->peer_count(), 0u);
            EXPECT_EQ(a.ups(), 1u);
            EXPECT_EQ(a.downs(), 1u);
            EXPECT_EQ(b.downs(), 1u);
            EXPECT_FALSE(a.host->remove_peer(b.id(kind)));
        });
    }
}

TEST(Host, RemovesAPeerThatIsBeingDialled) {
    for (const auto kind : kBoth) {
        for (const auto moment : {1ms, 30ms, 60ms, 100ms}) {
            Rig().run([kind, moment](Rig& rig) -> Task<void> {
                auto& a = rig.party(1);
                auto& b = rig.party(2);
                a.want(b, kind);
                co_await rig.sleep(moment);
                EXPECT_TRUE(a.host->remove_peer(b.id(kind)));
                co_await rig.sleep(10s);
                EXPECT_EQ(a.host->peer_count(), 0u) << moment.count();
                EXPECT_EQ(b.host->peer_count(), 0u) << moment.count();
            });
        }
    }
}

TEST(Host, StopsWithAGoodbye) {
    for (const auto kind : kBoth) {
        Rig().run([kind](Rig& rig) -> Task<void> {
            auto& a = rig.party(1);
            auto& b = rig.party(2);
            a.want(b, kind);
            co_await rig.sleep(1s);
            const auto begun = rig.world.now();
            b.host->stop();
            while (!b.ended) co_await rig.sleep(10ms);
            EXPECT_LT(rig.world.now() - begun, 3s);
            EXPECT_EQ(b.events.back().event.reason.value().code(), Errc::shutdown);
            co_await rig.sleep(100ms);
            EXPECT_EQ(a.downs(), 1u);
            const auto reason = a.events.back().event.reason.value();
            EXPECT_EQ(reason.code(), Errc::closed);
            if (kind == Network::devp2p)
                EXPECT_NE(reason.detail().find("quitting"), std::string::npos) << reason.detail();
        });
    }
}

TEST(Host, TakesNobodyInWhileItStops) {
    Rig().run([](Rig& rig) -> Task<void> {
        auto& a = rig.party(1);
        a.host->stop();
        while (!a.ended) co_await rig.sleep(10ms);
        const auto late = rig.network.transport({10, 0, 1, 1});
        const auto dialled = co_await late->dial(a.address(Network::devp2p), Deadline::in(rig.world, 1s));
        EXPECT_TRUE(!dialled && dialled.error() == Errc::refused);
    });
}

}  // namespace
}  // namespace sotto::node
