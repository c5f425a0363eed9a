// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "node/host_testing.hpp"

namespace sotto::node {
namespace {

using namespace std::chrono_literals;
using net::Network;
using testing::kBoth;
using testing::Parrot;
using testing::Party;
using testing::PartyOptions;
using testing::Rig;

Deadline soon(Rig& rig) {
    return Deadline::in(rig.world, 10s);
}

/// Whether the stream of a fresh connection was ended by the other side within a second.
Task<bool> is_dropped(Rig& rig, net::Stream& stream) {
    co_await rig.sleep(1s);
    Byte byte = 0;
    const auto got = stream.try_read(BytesSpan(&byte, 1));
    co_return got && *got == 0;
}

TEST(HostLimits, CountsConnectionsPerAddressBeforeAnyHandshake) {
    Rig().run([](Rig& rig) -> Task<void> {
        PartyOptions options;
        options.limits.connections_per_ip = 2;
        auto& a = rig.party(1, options);
        const auto crowd = rig.network.transport({10, 0, 1, 1});
        const auto other = rig.network.transport({10, 0, 1, 2});
        const auto to = a.address(Network::devp2p);
        auto first = co_await crowd->dial(to, soon(rig));
        auto second = co_await crowd->dial(to, soon(rig));
        auto third = co_await crowd->dial(to, soon(rig));
        auto elsewhere = co_await other->dial(to, soon(rig));
        EXPECT_TRUE(co_await is_dropped(rig, *third->stream));
        EXPECT_FALSE(co_await is_dropped(rig, *second->stream));
        EXPECT_FALSE(co_await is_dropped(rig, *elsewhere->stream));
        first->stream->reset(Error(Errc::closed));
        co_await rig.sleep(3s);
        auto fourth = co_await crowd->dial(to, soon(rig));
        EXPECT_FALSE(co_await is_dropped(rig, *fourth->stream)) << "the first one's place is free";
    });
}

TEST(HostLimits, ObeysNewLimitsForWhatComesLater) {
    Rig().run([](Rig& rig) -> Task<void> {
        PartyOptions options;
        options.limits.connections_per_ip = 2;
        auto& a = rig.party(1, options);
        const auto crowd = rig.network.transport({10, 0, 1, 1});
        const auto to = a.address(Network::devp2p);
        auto first = co_await crowd->dial(to, soon(rig));
        auto second = co_await crowd->dial(to, soon(rig));
        co_await rig.sleep(1s);
        options.limits.connections_per_ip = 1;
        a.host->set_limits(options.limits);
        auto third = co_await crowd->dial(to, soon(rig));
        EXPECT_FALSE(co_await is_dropped(rig, *first->stream)) << "what is open stays";
        EXPECT_FALSE(co_await is_dropped(rig, *second->stream));
        EXPECT_TRUE(co_await is_dropped(rig, *third->stream));
        options.limits.connections_per_ip = 3;
        a.host->set_limits(options.limits);
        auto fourth = co_await crowd->dial(to, soon(rig));
        EXPECT_FALSE(co_await is_dropped(rig, *fourth->stream));
    });
}

TEST(HostLimits, DialsMoreAsSoonAsThereIsRoom) {
    Rig().run([](Rig& rig) -> Task<void> {
        PartyOptions options;
        options.limits.connections_out = 1;
        auto& a = rig.party(1, options);
        auto& b = rig.party(2);
        auto& c = rig.party(3);
        a.want(b, Network::devp2p);
        a.want(c, Network::devp2p);
        co_await rig.sleep(60s);
        EXPECT_EQ(a.host->peer_count(), 1u);
        options.limits.connections_out = 2;
        a.host->set_limits(options.limits);
        co_await rig.sleep(1s);
        EXPECT_EQ(a.host->peer_count(), 2u);
    });
}

TEST(HostLimits, GivesPlacesBackWhenConnectionsEnd) {
    for (const auto kind : kBoth) {
        Rig().run([kind](Rig& rig) -> Task<void> {
            PartyOptions options;
            options.limits.connections_per_ip = 1;
            auto& a = rig.party(1, options);
            auto& b = rig.party(2);
            for (int i = 0; i < 5; ++i) {
                b.want(a, kind);
                co_await rig.sleep(5s);
                EXPECT_EQ(a.host->peer_count(), 1u) << i;
                EXPECT_TRUE(b.host->remove_peer(a.id(kind)));
                co_await rig.sleep(5s);
                EXPECT_EQ(a.host->peer_count(), 0u) << i;
            }
        });
    }
}

TEST(HostLimits, BoundsPendingHandshakesAndTheirTime) {
    for (const auto kind : kBoth) {
        Rig().run([kind](Rig& rig) -> Task<void> {
            PartyOptions options;
            options.limits.pending_handshakes = 2;
            auto& a = rig.party(1, options);
            std::vector<std::unique_ptr<net::Transport>> transports;
            std::vector<net::RawConnection> silent;
            for (Byte i = 1; i <= 3; ++i) {
                transports.push_back(rig.network.transport({10, 0, i, 9}));
                auto dialled = co_await transports.back()->dial(a.address(kind), soon(rig));
                silent.push_back(std::move(*dialled));
            }
            EXPECT_TRUE(co_await is_dropped(rig, *silent[2].stream));
            EXPECT_FALSE(co_await is_dropped(rig, *silent[0].stream));
            auto& b = rig.party(2);
            b.want(a, kind);
            co_await rig.sleep(1s);
            EXPECT_EQ(a.host->peer_count(), 0u);
            co_await rig.sleep(30s);
            EXPECT_EQ(a.host->peer_count(), 1u) << "the silent ones are gone after the handshake's limit";
        });
    }
}

TEST(HostLimits, TellsOneTooManyWhy) {
    for (const auto kind : kBoth) {
        Rig().run([kind](Rig& rig) -> Task<void> {
            PartyOptions options;
            options.limits.connections_in = 1;
            auto& a = rig.party(1, options);
            auto& b = rig.party(2);
            b.want(a, kind);
            co_await rig.sleep(2s);
            auto one_more = co_await rig.meet(a, kind, 3);
            EXPECT_TRUE(one_more);
            const auto why = co_await (*one_more)->run();
            EXPECT_EQ(why.code(), kind == Network::devp2p ? Errc::busy : Errc::closed) << why.message();
            EXPECT_EQ(a.host->peer_count(), 1u);
            EXPECT_EQ(a.host->peers().at(0).identity.id, b.id(kind));
            EXPECT_EQ(a.ups(), 1u);
        });
    }
}

TEST(HostLimits, DialsNoMoreThanItMay) {
    Rig().run([](Rig& rig) -> Task<void> {
        PartyOptions options;
        options.limits.connections_out = 2;
        options.limits.concurrent_dials = 1;
        auto& a = rig.party(1, options);
        std::vector<Party*> others;
        for (Byte i = 2; i <= 5; ++i) {
            others.push_back(&rig.party(i));
            a.want(*others.back(), Network::libp2p);
        }
        co_await rig.sleep(30s);
        EXPECT_EQ(a.host->peer_count(), 2u);
        for (auto* other : others) {
            if (other->host->peer_count() == 1) a.host->remove_peer(other->id(Network::libp2p));
        }
        co_await rig.sleep(30s);
        EXPECT_EQ(a.host->peer_count(), 2u) << "the others have their turn";
    });
}

TEST(HostLimits, TellsADevp2pPeerWithoutTheProtocolThatItIsUseless) {
    Rig().run([](Rig& rig) -> Task<void> {
        static constexpr net::ProtocolSpec kOther{"other", 1, 2, 1024, "/other/1.0.0"};
        auto& a = rig.party(1);
        const auto stranger = co_await rig.meet(a, Network::devp2p, 3, {&kOther});
        EXPECT_EQ(stranger.error().code(), Errc::useless);
        EXPECT_EQ(a.host->peer_count(), 0u);
    });
}

TEST(HostLimits, KeepsALibp2pPeerWithoutTheProtocol) {
    Rig().run([](Rig& rig) -> Task<void> {
        PartyOptions silent;
        silent.parrot = false;
        auto& a = rig.party(1);
        auto& b = rig.party(2, silent);
        auto& c = rig.party(3, silent);
        a.want(b, Network::libp2p);
        c.want(a, Network::libp2p);
        co_await rig.sleep(5min);
        EXPECT_EQ(a.host->peer_count(), 2u);
        EXPECT_TRUE(a.carriers().empty());
        EXPECT_TRUE(a.events.empty());
        EXPECT_LE(a.parrot.ended_sessions, 2u) << "asked again and again";
        EXPECT_GT(a.host->peers().at(0).age, 4min);
    });
}

Task<void> drive(net::Connection& connection, bool& ended) {
    (void)co_await connection.run();
    ended = true;
}

TEST(HostLimits, APeerThatDialsAgainNeedsNoSecondPlace) {
    for (const auto kind : kBoth) {
        Rig().run([kind](Rig& rig) -> Task<void> {
            PartyOptions options;
            options.limits.connections_in = 1;
            auto& a = rig.party(1, options);
            bool ended = false;
            bool fresh_ended = false;
            auto old = co_await rig.meet(a, kind, 3);
            rig.group().spawn(drive(**old, ended));
            co_await rig.sleep(1s);
            auto fresh = co_await rig.meet(a, kind, 3, {&Parrot::kSpec}, 4);
            rig.group().spawn(drive(**fresh, fresh_ended));
            co_await rig.sleep(1s);
            EXPECT_TRUE(ended);
            EXPECT_FALSE(fresh_ended);
            EXPECT_EQ(a.host->peer_count(), 1u);
            (*fresh)->close(Error(Errc::closed));
            while (!fresh_ended) co_await rig.sleep(10ms);
        });
    }
}

TEST(HostStreams, TheListenerOpensAfterFiveSeconds) {
    Rig().run([](Rig& rig) -> Task<void> {
        auto& a = rig.party(1);
        auto shy = co_await rig.meet(a, Network::libp2p, 3);
        EXPECT_TRUE(shy);
        bool ended = false;
        rig.group().spawn(drive(**shy, ended));
        const auto begun = rig.world.now();
        const auto incoming = co_await (*shy)->accept();
        EXPECT_TRUE(incoming);
        EXPECT_GE(rig.world.now() - begun, 4900ms);
        EXPECT_LE(rig.world.now() - begun, 5200ms);
        (*shy)->close(Error(Errc::closed));
        while (!ended) co_await rig.sleep(10ms);
    });
}

/// Ends every stream that the other side opens, without a word.
Task<void> refuse_sessions(net::Connection& connection) {
    for (;;) {
        const auto incoming = co_await connection.accept();
        if (!incoming) co_return;
        incoming->stream->close(Error(Errc::closed));
    }
}

TEST(HostStreams, AConnectionWhoseSessionsFailLeavesTheTurnToAnother) {
    Rig().run([](Rig& rig) -> Task<void> {
        auto& a = rig.party(1);
        auto failing = co_await rig.meet(a, Network::libp2p, 3);
        EXPECT_TRUE(failing);
        bool ended = false;
        rig.group().spawn(drive(**failing, ended));
        rig.group().spawn(refuse_sessions(**failing));
        co_await rig.sleep(7s);
        EXPECT_EQ(a.parrot.ended_sessions, 1u);
        auto good = co_await rig.meet(a, Network::devp2p, 3);
        EXPECT_TRUE(good);
        bool good_ended = false;
        rig.group().spawn(drive(**good, good_ended));
        const auto stream = co_await (*good)->open(Parrot::kSpec, Deadline::in(rig.world, 1s));
        EXPECT_TRUE(stream);
        co_await rig.sleep(500ms);
        EXPECT_EQ(a.parrot.running.size(), 1u) << "the session runs while the other connection waits";
        (*good)->close(Error(Errc::closed));
        (*failing)->close(Error(Errc::closed));
        while (!ended || !good_ended) co_await rig.sleep(10ms);
    });
}

TEST(HostStreams, TheListenerWaitsForTheDiallersStream) {
    Rig().run([](Rig& rig) -> Task<void> {
        auto& a = rig.party(1);
        auto& b = rig.party(2);
        a.want(b, Network::libp2p);
        co_await rig.sleep(1min);
        EXPECT_EQ(a.ups(), 1u);
        EXPECT_EQ(b.ups(), 1u);
        EXPECT_EQ(a.downs() + b.downs(), 0u);
        EXPECT_EQ(b.parrot.running.size(), 1u);
    });
}

TEST(HostStreams, OneOfTwoStreamsStaysWhenBothEndsOpenOne) {
    // Behind a session that ended well both ends wait equally long, and then both open.
    for (const bool dialler_ends_it : {true, false}) {
        for (std::uint64_t seed = 1; seed <= 10; ++seed) {
            SCOPED_TRACE(seed);
            Rig(seed).run([dialler_ends_it](Rig& rig) -> Task<void> {
                auto [a, b] = rig.two_keyed_parties(Network::libp2p);
                a.want(b, Network::libp2p);
                co_await rig.sleep(2s);
                (dialler_ends_it ? a : b).parrot.end(Error(Errc::closed, "enough"));
                co_await rig.sleep(6s);
                EXPECT_EQ(a.host->peer_count(), 1u);
                EXPECT_EQ(a.parrot.running.size(), 1u);
                EXPECT_EQ(b.parrot.running.size(), 1u);
                EXPECT_EQ(a.carriers(), std::vector{Network::libp2p});
                EXPECT_EQ(b.carriers(), std::vector{Network::libp2p});
                co_await a.parrot.say("again");
                co_await b.parrot.say("and again");
                co_await rig.sleep(1s);
                EXPECT_EQ(b.parrot.heard, std::vector<std::string>{"again"});
                EXPECT_EQ(a.parrot.heard, std::vector<std::string>{"and again"});
            });
        }
    }
}

}  // namespace
}  // namespace sotto::node
