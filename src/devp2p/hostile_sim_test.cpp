// SPDX-License-Identifier: Apache-2.0 OR MIT
// A peer that shakes hands well and then behaves badly.
#include <functional>

#include "devp2p/devp2p_testing.hpp"
#include "devp2p/disconnect.hpp"
#include "devp2p/hello.hpp"
#include "devp2p/raw_peer_testing.hpp"

namespace sotto::devp2p {
namespace {

using namespace std::chrono_literals;
using namespace testing;

constexpr std::uint32_t kEchoOffset = kBaseCodes + 200;
constexpr Byte kNode = 1;
constexpr Byte kPeer = 2;

Hello hello_of(Byte number) {
    Hello hello{.client = "raw", .capabilities = {{"chat", 2}, {"echo", 1}}};
    hello.id = *key(number).public_key().node_id();
    return hello;
}

/// Our node listens; the test holds the frames of the other end.
struct Fixture {
    sim::World world;
    sim::Link link{.latency = 5ms};
    Config config = config_of(kNode);
    std::optional<Hello> hello = hello_of(kPeer);  ///< none: the body sends what it likes instead
    std::unique_ptr<RawPeer> peer;
    std::unique_ptr<net::Connection> node;
    std::unique_ptr<net::MessageStream> echo;  ///< the node's
    std::optional<Error> failed;               ///< why there is no connection
    std::optional<Error> end;

    using Body = std::function<Task<void>(Fixture&)>;
    void run(Body body) { world.run(live(*this, body)); }

    static Task<void> live(Fixture& self, Body& body) {
        auto in_group = [&self, &body](TaskGroup& group) { return live_in(self, body, group); };
        (void)co_await with_group(self.world.env(), 8, in_group);
    }
    static Task<bool> live_in(Fixture& self, Body& body, TaskGroup& group) {
        auto [a, b] = sim::make_pipe(self.world, self.link);
        group.spawn(listen(self, std::move(b)));
        const auto node_id = *key(kNode).public_key().node_id();
        self.peer = co_await RawPeer::dial(self.world.random(), std::move(a), key(kPeer).secret(), node_id);
        if (self.hello) {
            EXPECT_TRUE(co_await self.peer->send(kHello, encode_hello(*self.hello)));
            EXPECT_EQ((co_await self.peer->receive())->code, kHello);
            while (!self.echo && !self.failed) co_await sleep_for(self.world, 1ms);
        }
        co_await body(self);
        self.peer.reset();
        co_await group.wait_all();
        self.echo.reset();
        self.node.reset();
        co_return true;
    }
    static Task<void> listen(Fixture& self, std::unique_ptr<net::Stream> raw) {
        Upgraded made = fail(Errc::internal);
        co_await upgrade(self.world.env(), self.config, std::move(raw), net::Role::listener, {}, made);
        if (!made) {
            self.failed = made.error();
            co_return;
        }
        self.node = *std::move(made);
        self.echo = (co_await self.node->open(kEcho, {})).value();
        self.end = co_await self.node->run();
    }
    /// The reason of the Disconnect that comes next, compressed as it must be.
    Task<std::optional<Reason>> goodbye() {
        const auto received = co_await peer->receive(kDisconnect);
        if (!received) co_return std::nullopt;
        const auto plain = snappy::decompress(received->payload, 16);
        EXPECT_TRUE(plain);
        co_return plain ? std::optional(decode_disconnect(*plain)) : std::nullopt;
    }
};

TEST(HostilePeer, IsAnsweredOncePerTurnHoweverManyPingsItSends) {
    Fixture f;
    f.run([](Fixture& s) -> Task<void> {
        Bytes flood;
        for (int i = 0; i < 1000; ++i)
            append(flood, s.peer->frame(RawPeer::content(kPing, snappy::compress(Bytes{0xc0}))));
        EXPECT_TRUE(co_await net::write(s.peer->stream(), flood));
        int pongs = 0;
        EXPECT_TRUE(co_await s.peer->send_compressed(kEchoOffset, Bytes{1}));
        EXPECT_TRUE(co_await s.echo->read());
        EXPECT_TRUE(co_await s.echo->write(2, {}));
        for (;;) {
            const auto received = co_await s.peer->receive();
            if (!received || received->code != kPong) break;
            EXPECT_EQ(to_hex(received->payload), "0100c0") << "exactly an empty list, compressed";
            ++pongs;
        }
        EXPECT_GE(pongs, 1);
        EXPECT_LE(pongs, 3) << "64 KiB are read a turn";
    });
}

TEST(HostilePeer, CannotMakeTheAnswersToItsPingsPileUpByNotReading) {
    Fixture f;
    f.link.window = 4096;
    f.run([](Fixture& s) -> Task<void> {
        // Without reading a byte: the pongs that do not fit the window coalesce into one.
        for (int i = 0; i < 2000; ++i) EXPECT_TRUE(co_await s.peer->send_compressed(kPing, Bytes{0xc0}));
        co_await sleep_for(s.world, 1s);
        int pongs = 0;
        while ((co_await s.peer->receive())->code == kPong) ++pongs;  // the node's own ping ends it
        EXPECT_LT(pongs, 2 * 4096 / 64);
    });
}

TEST(HostilePeer, IsSentAwayForAMessageThatDeclaresMoreThanTheLimit) {
    for (const auto* hex : {"ffffff07", "81804000"}) {  // 16 MiB - 1 in four bytes; 1 MiB + 1, then one literal
        Fixture f;
        f.run([&](Fixture& s) -> Task<void> {
            EXPECT_TRUE(co_await s.peer->send(kEchoOffset, *from_hex(hex)));
            EXPECT_EQ(co_await s.goodbye(), Reason::subprotocol);
        });
        EXPECT_EQ(f.end->code(), Errc::too_large);
    }
}

TEST(HostilePeer, IsSentAwayForDamagedSnappyAndForCodesOfNobody) {
    const std::vector<std::pair<std::uint32_t, Bytes>> kBad{{kEchoOffset, {0x05, 0x00}},
                                                            {kEchoOffset, {}},
                                                            {kEchoOffset + 4, snappy::compress(Bytes{1})},
                                                            {0xffffffff, snappy::compress(Bytes{1})}};
    for (const auto& [code, payload] : kBad) {
        Fixture f;
        f.run([&](Fixture& s) -> Task<void> {
            EXPECT_TRUE(co_await s.peer->send(code, payload));
            EXPECT_EQ(co_await s.goodbye(), Reason::subprotocol);
        });
        EXPECT_EQ(f.end->code(), Errc::malformed) << code;
    }
}

TEST(HostilePeer, MayUseBaseMessagesOfTheFuture) {
    Fixture f;
    f.run([](Fixture& s) -> Task<void> {
        for (const auto code : {kHello, 0x04u, 0x0fu}) EXPECT_TRUE(co_await s.peer->send(code, Bytes{0xc0}));
        EXPECT_TRUE(co_await s.peer->send_compressed(kEchoOffset + 3, to_bytes("still here")));
        const auto message = co_await s.echo->read();
        EXPECT_TRUE(message);
        EXPECT_EQ(message->code, 3u);
    });
    EXPECT_EQ(f.end->blame(), Blame::transient);
}

TEST(HostilePeer, IsCaughtWhenOneBitOfAFrameChanges) {
    for (const std::size_t at : {0u, 20u, 32u, 50u}) {
        Fixture f;
        f.run([&](Fixture& s) -> Task<void> {
            auto frame = s.peer->frame(RawPeer::content(kEchoOffset, snappy::compress(Bytes{1})));
            frame[at] ^= 0x10;
            EXPECT_TRUE(co_await net::write(s.peer->stream(), frame));
            EXPECT_EQ((co_await s.echo->read()).error().code(), Errc::unauthentic);
            EXPECT_EQ(co_await s.goodbye(), Reason::subprotocol);
        });
        EXPECT_EQ(f.end->code(), Errc::unauthentic);
    }
}

TEST(HostilePeer, DoesNotLiveByDribblingOneFrame) {
    Fixture f;
    f.run([](Fixture& s) -> Task<void> {
        const auto frame = s.peer->frame(RawPeer::content(kEchoOffset, snappy::compress(s.world.random().bytes(5000))));
        const auto begin = s.world.now();
        for (const auto& byte : frame) {
            if (!co_await net::write(s.peer->stream(), BytesView(&byte, 1))) break;
            co_await sleep_for(s.world, 1s);
        }
        EXPECT_LT(s.world.now() - begin, 70s);
    });
    EXPECT_EQ(f.end->code(), Errc::timed_out);
}

TEST(HostilePeer, IsGivenUpWhenItReadsNothing) {
    Fixture f;
    f.link.window = 64 * 1024;
    f.config.connection.outbox_bytes = 256 * 1024;
    f.run([](Fixture& s) -> Task<void> {
        const auto payload = s.world.random().bytes(50'000);
        const BytesView pieces[] = {payload};
        std::size_t taken = 0;
        const auto begin = s.world.now();
        while (co_await s.echo->write(0, pieces)) ++taken;
        EXPECT_LE(taken * payload.size(), 64 * 1024 + 256 * 1024 + payload.size());
        EXPECT_EQ(s.world.now() - begin, 30s);
    });
    EXPECT_EQ(f.end->code(), Errc::timed_out);
}

TEST(HostilePeer, GetsTwoSecondsToTakeTheGoodbye) {
    Fixture f;
    f.run([](Fixture& s) -> Task<void> {
        const auto begin = s.world.now();
        s.node->close(Error(Errc::busy));
        while (!s.end) co_await sleep_for(s.world, 10ms);
        EXPECT_GE(s.world.now() - begin, 2s);
        EXPECT_LT(s.world.now() - begin, 2100ms);
        EXPECT_EQ(co_await s.goodbye(), Reason::too_many_peers);
    });
}

TEST(HostilePeer, IsToldOnceWhatWasWrittenBeforeTheGoodbye) {
    Fixture f;
    f.run([](Fixture& s) -> Task<void> {
        const BytesView pieces[] = {view_of("last words")};
        EXPECT_TRUE(co_await s.echo->write(1, pieces));
        s.echo->close(Error(Errc::useless));
        EXPECT_FALSE(co_await s.echo->write(1, pieces));
        const auto message = co_await s.peer->receive();
        EXPECT_EQ(message->code, kEchoOffset + 1);
        EXPECT_EQ(co_await s.goodbye(), Reason::useless);
        EXPECT_EQ((co_await s.peer->receive()).error().code(), Errc::closed);
    });
}

TEST(HostilePeer, OfVersionFourIsSpokenToWithoutSnappy) {
    Fixture f;
    f.hello->version = 4;
    f.run([](Fixture& s) -> Task<void> {
        EXPECT_TRUE(co_await s.peer->send(kEchoOffset, to_bytes("plain")));
        EXPECT_EQ(text_of((co_await s.echo->read())->payload), "plain");
        const BytesView pieces[] = {view_of("an"), view_of("swer")};
        EXPECT_TRUE(co_await s.echo->write(2, pieces));
        EXPECT_EQ(text_of((co_await s.peer->receive())->payload), "answer");
        const Bytes large(kEcho.max_message + 1);
        EXPECT_TRUE(co_await s.peer->send(kEchoOffset, large));
        EXPECT_EQ((co_await s.echo->read()).error().code(), Errc::too_large);
        EXPECT_EQ(to_hex((co_await s.peer->receive(kDisconnect))->payload), "c110");
    });
}

TEST(HostilePeer, ThatNamesAnotherNodeInItsHelloIsSentAway) {
    Fixture f;
    f.hello = hello_of(3);
    f.run([](Fixture& s) -> Task<void> { EXPECT_EQ(co_await s.goodbye(), Reason::unexpected_identity); });
    EXPECT_EQ(f.failed->code(), Errc::wrong_identity);
}

TEST(HostilePeer, MayHangUpInsteadOfItsHello) {
    Fixture f;
    f.hello.reset();
    f.run([](Fixture& s) -> Task<void> {
        EXPECT_TRUE(co_await s.peer->send(kDisconnect, *from_hex("04")));
        while (!s.failed) co_await sleep_for(s.world, 10ms);
    });
    EXPECT_EQ(f.failed->code(), Errc::busy);
}

TEST(HostilePeer, CannotMakeUsReadAHelloAboveTwoKilobytes) {
    Fixture f;
    f.hello.reset();
    f.run([](Fixture& s) -> Task<void> {
        // Only the header is there: the size alone decides.
        const auto frame = s.peer->frame(RawPeer::content(kHello, Bytes(5000, 0x80)));
        EXPECT_TRUE(co_await net::write(s.peer->stream(), BytesView(frame).first(kFrameHeader)));
        EXPECT_EQ(to_hex((co_await s.peer->receive(kDisconnect))->payload), "c110");
    });
    EXPECT_EQ(f.failed->code(), Errc::too_large);
}

TEST(RlpxConnection, RefusesMessagesOfOursThatItsProtocolDoesNotHave) {
    Fixture f;
    f.run([](Fixture& s) -> Task<void> {
        const Bytes large(kEcho.max_message + 1);
        const BytesView pieces[] = {large};
        EXPECT_EQ((co_await s.echo->write(0, pieces)).error().code(), Errc::invalid_argument);
        EXPECT_EQ((co_await s.echo->write(4, {})).error().code(), Errc::invalid_argument);
        EXPECT_EQ((co_await s.node->open(net::ProtocolSpec{.name = "echo", .version = 2}, {})).error().code(),
                  Errc::unsupported);
    });
}

}  // namespace
}  // namespace sotto::devp2p
