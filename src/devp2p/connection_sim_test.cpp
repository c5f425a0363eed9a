// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "devp2p/connection.hpp"

#include <algorithm>

#include "codec/rlp.hpp"
#include "codec/snappy.hpp"
#include "devp2p/devp2p_testing.hpp"
#include "devp2p/disconnect.hpp"

namespace sotto::devp2p {
namespace {

using namespace std::chrono_literals;
using namespace testing;
using net::MessageStream;

Task<void> drive(net::Connection& connection, std::optional<Error>& end) {
    end = co_await connection.run();
}

/// Runs a body over both connections, which must be ended by it.
struct Live {
    explicit Live(Pair p) : pair(std::move(p)) {}
    net::Connection& a() { return **pair.dialer; }
    net::Connection& b() { return **pair.listener; }
    Pair pair;
    std::optional<Error> end_a, end_b;

    template <class Body>
    void run(sim::World& world, Body body) {
        auto all = [&](TaskGroup& group) -> Task<Result<void>> {
            group.spawn(drive(a(), end_a));
            group.spawn(drive(b(), end_b));
            co_await body(group);
            a().close(Error(Errc::shutdown));
            co_await group.wait_all();
            co_return Result<void>{};
        };
        (void)world.run(with_group(world.env(), 16, std::ref(all)));
    }
};

Task<std::unique_ptr<MessageStream>> open(net::Connection& connection, const net::ProtocolSpec& spec) {
    auto stream = co_await connection.open(spec, {});
    EXPECT_TRUE(stream);
    co_return std::move(*stream);
}

Task<Result<void>> send(MessageStream& stream, net::Code code, Bytes payload) {
    const BytesView pieces[] = {payload};
    co_return co_await stream.write(code, pieces);
}

Task<void> echo(MessageStream& stream) {
    for (;;) {
        auto message = co_await stream.read();
        if (!message) co_return;
        const auto sent = co_await send(stream, message->code, std::move(message->payload));
        if (!sent) co_return;
    }
}

TEST(RlpxConnection, AuthenticatesBothEndsAndTellsThemOfEachOther) {
    sim::World world;
    const auto pair = connected(world);
    ASSERT_TRUE(pair.dialer) << pair.dialer.error().message();
    ASSERT_TRUE(pair.listener);
    EXPECT_EQ((*pair.dialer)->peer().key, key(2).public_key());
    EXPECT_EQ((*pair.listener)->peer().key, key(1).public_key());
    EXPECT_EQ((*pair.listener)->info().agent, "test/1");
    EXPECT_EQ((*pair.dialer)->info().protocols, (std::vector<std::string>{"chat/2", "echo/1"}));
}

TEST(RlpxConnection, CarriesMessagesOfAnySizeOverAnyFragmentation) {
    for (const std::size_t max_read : {0u, 1u, 40u, 1000u}) {
        sim::World world(max_read + 1);
        Live live(connected(world, {.latency = 3ms, .max_read = max_read}));
        live.run(world, [&](TaskGroup& group) -> Task<void> {
            const auto left = co_await open(live.a(), kEcho);
            const auto right = co_await open(live.b(), kEcho);
            group.spawn(echo(*right));
            for (const std::size_t size : {0u, 1u, 15u, 16u, 17u, 1000u, 5000u}) {
                const auto sent = world.random().bytes(size);
                EXPECT_TRUE(co_await send(*left, 3, sent));
                const auto back = co_await left->read();
                if (!back) {
                    ADD_FAILURE() << back.error().message();
                    co_return;
                }
                EXPECT_EQ(back->code, 3u);
                EXPECT_EQ(back->payload, sent);
            }
        });
    }
}

TEST(RlpxConnection, KeepsSeveralCapabilitiesApart) {
    sim::World world;
    Live live(connected(world));
    live.run(world, [&](TaskGroup&) -> Task<void> {
        const auto chat_a = co_await open(live.a(), kChat);
        const auto echo_a = co_await open(live.a(), kEcho);
        const auto chat_b = co_await open(live.b(), kChat);
        const auto echo_b = co_await open(live.b(), kEcho);
        EXPECT_EQ((co_await live.a().open(kChat, {})).error().code(), Errc::duplicate);
        EXPECT_TRUE(co_await send(*echo_a, 1, to_bytes("to echo")));
        EXPECT_TRUE(co_await send(*chat_a, 199, to_bytes("to chat")));
        const auto chat = co_await chat_b->read();
        const auto echoed = co_await echo_b->read();
        EXPECT_EQ(chat->code, 199u);
        EXPECT_EQ(text_of(chat->payload), "to chat");
        EXPECT_EQ(echoed->code, 1u);
        EXPECT_EQ(text_of(echoed->payload), "to echo");
    });
}

TEST(RlpxConnection, SendsAllMessagesOfOneTurnInOneWrite) {
    sim::World world;
    Live live(connected(world));
    live.run(world, [&](TaskGroup&) -> Task<void> {
        const auto left = co_await open(live.a(), kEcho);
        const auto right = co_await open(live.b(), kEcho);
        const auto before = world.now();
        for (int i = 0; i < 100; ++i) EXPECT_TRUE(co_await send(*left, 0, to_bytes("x")));
        for (int i = 0; i < 100; ++i) EXPECT_TRUE(co_await right->read());
        EXPECT_EQ(world.now() - before, 5ms);
    });
}

TEST(RlpxConnection, StopsReadingWhileAnInboxIsFullAndTheSenderWaits) {
    sim::World world;
    auto a = config_of(1);
    auto b = config_of(2);
    a.connection.outbox_bytes = 64 * 1024;
    b.connection.inbox_bytes = 64 * 1024;
    Live live(connected(world, {.latency = 1ms, .window = 64 * 1024}, a, b));
    live.run(world, [&](TaskGroup& group) -> Task<void> {
        const auto left = co_await open(live.a(), kEcho);
        const auto right = co_await open(live.b(), kEcho);
        std::size_t sent = 0;
        struct Flood {
            static Task<void> run(sim::World& w, MessageStream& stream, std::size_t& count) {
                for (int i = 0; i < 100; ++i) {
                    const auto done = co_await send(stream, 0, w.random().bytes(10'000));
                    if (!done) co_return;
                    ++count;
                }
            }
        };
        group.spawn(Flood::run(world, *left, sent));
        co_await sleep_for(world, 10s);
        EXPECT_LT(sent, 40u) << "three buffers of 64 KiB hold no more";
        for (int i = 0; i < 100; ++i) EXPECT_TRUE(co_await right->read());
        EXPECT_EQ(sent, 100u);
    });
}

TEST(RlpxConnection, KeepsAnIdleConnectionAliveAndNoticesASilentPeer) {
    sim::World world;
    const auto control = std::make_shared<sim::LinkControl>();
    Pair pair;
    (void)world.run(connect(world,
                            sim::make_pipe(world, {.latency = 5ms}, control),
                            config_of(1),
                            config_of(2),
                            crypto::PeerId(key(2).public_key()),
                            pair));
    Live live(std::move(pair));
    live.run(world, [&](TaskGroup&) -> Task<void> {
        co_await sleep_for(world, 10min);
        EXPECT_FALSE(live.end_a) << live.end_a->message();
        const auto rtt = co_await live.a().ping(Deadline::in(world, 5s));
        EXPECT_TRUE(rtt);
        EXPECT_EQ(*rtt, 10ms);
        control->cut();
        co_await sleep_for(world, 50s);
        EXPECT_TRUE(live.end_a);
        EXPECT_EQ(live.end_a->code(), Errc::timed_out);
        control->heal();
    });
}

TEST(RlpxConnection, TellsItsPeerWhyItGoes) {
    const std::vector<std::pair<Errc, Errc>> kSeenBy{{Errc::busy, Errc::busy},
                                                     {Errc::duplicate, Errc::duplicate},
                                                     {Errc::shutdown, Errc::closed},
                                                     {Errc::malformed, Errc::refused}};
    for (const auto& [why, seen] : kSeenBy) {
        sim::World world;
        Live live(connected(world));
        live.run(world, [&](TaskGroup&) -> Task<void> {
            live.b().close(Error(why));
            co_await sleep_for(world, 100ms);
            EXPECT_EQ(live.end_a->code(), seen);
            EXPECT_EQ(live.end_b->code(), why);
        });
    }
}

TEST(RlpxConnection, EndsWhenItsCapabilityIsGivenUp) {
    sim::World world;
    Live live(connected(world));
    live.run(world, [&](TaskGroup&) -> Task<void> {
        const auto right = co_await open(live.b(), kEcho);
        {
            const auto left = co_await open(live.a(), kEcho);
        }
        EXPECT_FALSE(co_await right->read());
    });
}

TEST(RlpxUpgrader, RefusesAPeerWithoutACommonCapability) {
    sim::World world;
    const auto pair = connected(world, {.latency = 5ms}, config_of(1, {&kChat}), config_of(2, {&kEcho}));
    EXPECT_EQ(pair.dialer.error().code(), Errc::useless);
    EXPECT_EQ(pair.listener.error().code(), Errc::useless);
}

TEST(RlpxUpgrader, FailsWhenSomebodyElseAnswers) {
    sim::World world;
    Pair pair;
    (void)world.run(connect(world,
                            sim::make_pipe(world, {.latency = 5ms}),
                            config_of(1),
                            config_of(2),
                            crypto::PeerId(key(3).public_key()),
                            pair));
    EXPECT_FALSE(pair.dialer);
    EXPECT_FALSE(pair.listener);
    EXPECT_GE(world.now().since_start, 1s) << "a failed handshake must not end early";
}

/// Sends the bytes after a while, then reads until the other end has had enough.
Task<void> babble(sim::World& world, std::unique_ptr<net::Stream> stream, Duration wait, Bytes bytes) {
    co_await sleep_for(world, wait);
    (void)co_await net::write(*stream, bytes);
    ByteArray<256> rest;
    for (;;) {
        const auto count = co_await net::read_some(*stream, rest);
        if (!count || *count == 0) co_return;
    }
}

TEST(RlpxUpgrader, EndsEveryFailedHandshakeOneSecondAfterThePeersLastByte) {
    for (const auto wait : {0ms, 990ms, 3000ms}) {
        for (const std::size_t size : {2u, 300u, 2000u}) {
            sim::World world;
            auto streams = sim::make_pipe(world, {.latency = 5ms});
            Upgraded out = fail(Errc::internal);
            auto bytes = world.random().bytes(size + 2);
            store_be(static_cast<std::uint16_t>(std::max<std::size_t>(size, 200)), bytes);
            if (size < 200) store_be(std::uint16_t{5000}, bytes);
            auto body = [&](TaskGroup& group) -> Task<Result<void>> {
                group.spawn(babble(world, std::move(streams.first), wait, bytes));
                co_await upgrade(world.env(), config_of(2), std::move(streams.second), net::Role::listener, {}, out);
                co_return Result<void>{};
            };
            (void)world.run(with_group(world.env(), 1, std::ref(body)));
            EXPECT_FALSE(out);
            EXPECT_EQ(world.now().since_start, wait + 5ms + 1s) << size;
        }
    }
}

TEST(RlpxUpgrader, GivesUpOnASilentPeerByItsDeadline) {
    sim::World world;
    auto streams = sim::make_pipe(world, {.latency = 5ms});
    Upgraded out = fail(Errc::internal);
    world.run(upgrade(world.env(), config_of(2), std::move(streams.second), net::Role::listener, {}, out));
    EXPECT_EQ(out.error().code(), Errc::timed_out);
    EXPECT_EQ(world.now().since_start, 10s);
}

}  // namespace
}  // namespace sotto::devp2p
