// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "libp2p/connection.hpp"

#include <gtest/gtest.h>

#include "base/event.hpp"
#include "base/task_group.hpp"
#include "codec/rlp.hpp"
#include "libp2p/echo.hpp"
#include "libp2p/perf.hpp"
#include "libp2p/ping.hpp"
#include "libp2p/upgrader.hpp"
#include "sim/world.hpp"

namespace sotto::libp2p {
namespace {

using namespace std::chrono_literals;

constexpr auto kRoundTrip = 100ms;
constexpr net::ProtocolSpec kChat{"chat", 1, 8, 1024 * 1024, "/chat/1.0.0"};
constexpr net::ProtocolSpec kOther{"other", 1, 8, 1024, "/other/1.0.0"};

crypto::PrivateKey key_of(Byte seed) {
    ByteArray<32> secret;
    secret.fill(seed);
    return crypto::PrivateKey::make(crypto::KeyType::secp256k1, secret).value();
}
Config config_of(Byte seed) {
    Config config{.identity = key_of(seed), .agent = "Node " + std::to_string(seed), .protocols = {&kChat}};
    config.serve_echo = true;
    config.serve_perf = true;
    return config;
}

/// Two nodes and one link between them.
struct Fixture {
    sim::World world{1};
    sim::Link link{.latency = kRoundTrip / 2};
    Config dialer_config = config_of(1);
    Config listener_config = config_of(2);
    std::unique_ptr<Connection> dialer;
    std::unique_ptr<Connection> listener;
    bool at_once = false;
    std::optional<Error> dialer_end;
    std::optional<Error> listener_end;

    using Body = std::function<Task<void>(Fixture&)>;

    /// The body runs once both ends are connected, or as soon as the dialler is.
    void run(Body body) { world.run(live(*this, body)); }
    void run_at_once(Body body) {
        at_once = true;
        run(std::move(body));
    }

    static Task<void> live(Fixture& self, Body& body) {
        auto group_body = [&self, &body](TaskGroup& group) { return live_in(self, body, group); };
        co_await with_group(self.world.env(), 16, group_body);
    }
    static Task<bool> live_in(Fixture& self, Body& body, TaskGroup& group) {
        const auto env = self.world.env();
        auto [a, b] = sim::make_pipe(self.world, self.link);
        const auto dialing = make_libp2p_upgrader(env, self.dialer_config);
        const auto listening = make_libp2p_upgrader(env, self.listener_config);
        group.spawn(listen(self, *listening, std::move(b), group));
        const auto expected = crypto::PeerId(self.listener_config.identity.public_key());
        auto made = co_await upgrade(env, *dialing, std::move(a), net::Role::dialer, &expected);
        EXPECT_TRUE(made);
        if (!made) co_return false;
        self.dialer = *std::move(made);
        group.spawn(drive(*self.dialer, self.dialer_end));
        while (!self.listener && !self.at_once) co_await sleep_for(self.world, 10ms);
        co_await body(self);
        self.dialer->close(Error(Errc::closed, "the test is over"));
        while (!self.dialer_end || !self.listener_end) co_await sleep_for(self.world, 10ms);
        co_return true;
    }
    static Task<Result<std::unique_ptr<Connection>>> upgrade(Env env,
                                                             net::Upgrader& upgrader,
                                                             std::unique_ptr<net::Stream> raw,
                                                             net::Role role,
                                                             const crypto::PeerId* expected) {
        const auto here = Multiaddr::parse("/ip4/10.0.0.1/tcp/1").value();
        const auto there = Multiaddr::parse("/ip4/10.0.0.2/tcp/2").value();
        net::RawConnection connection{std::move(raw), here, there};
        auto made = co_await upgrader.upgrade(std::move(connection), role, expected, Deadline::in(*env.clock, 10s));
        if (!made) co_return fail(made.error());
        co_return std::unique_ptr<Connection>(dynamic_cast<Connection*>(made->release()));
    }
    static Task<void> listen(Fixture& self,
                             net::Upgrader& upgrader,
                             std::unique_ptr<net::Stream> raw,
                             TaskGroup& group) {
        auto made = co_await upgrade(self.world.env(), upgrader, std::move(raw), net::Role::listener, nullptr);
        EXPECT_TRUE(made);
        if (!made) co_return;
        self.listener = *std::move(made);
        group.spawn(drive(*self.listener, self.listener_end));
    }
    static Task<void> drive(Connection& connection, std::optional<Error>& end) {
        end.emplace(co_await connection.run());
    }
    Deadline soon() { return Deadline::in(world, 10s); }
};

Bytes item(std::size_t size, Byte fill) {
    return rlp::encode_string(Bytes(size, fill));
}
Task<Result<void>> send(net::MessageStream& stream, net::Code code, BytesView payload) {
    const std::array<BytesView, 1> pieces{payload};
    co_return co_await stream.write(code, pieces);
}

Task<void> echo_once(Fixture& f) {
    auto stream = f.dialer->open_stream(kEchoId, f.soon());
    EXPECT_TRUE(stream);
    EXPECT_TRUE(co_await net::write(**stream, view_of("hello")));
    ByteArray<5> answer;
    EXPECT_TRUE(co_await net::read_exact(**stream, answer));
    EXPECT_EQ(text_of(answer), "hello");
    EXPECT_TRUE(co_await net::finish(**stream, 10));
}

Task<void> first_byte(Fixture& f) {
    auto stream = f.dialer->open_stream(kEchoId, f.soon());
    EXPECT_TRUE(co_await net::write(**stream, view_of("x")));
    Byte answer = 0;
    EXPECT_TRUE(co_await net::read_exact(**stream, BytesSpan(&answer, 1)));
    EXPECT_EQ(answer, 'x');
}

TEST(Libp2pConnection, CarriesAStreamBetweenTwoNodes) {
    Fixture f;
    f.run(echo_once);
    EXPECT_EQ(f.dialer->peer().id, crypto::PeerId(key_of(2).public_key()));
    EXPECT_EQ(f.listener->peer().id, crypto::PeerId(key_of(1).public_key()));
    EXPECT_EQ(f.dialer->info().muxer, "/yamux/1.0.0");
    EXPECT_EQ(f.dialer->info().security, "noise");
}

TEST(Libp2pConnection, GetsTheFirstByteBackTwoRoundTripsAfterTheTransportIsThere) {
    Fixture f;
    f.run_at_once([](Fixture& s) -> Task<void> {
        EXPECT_EQ(s.world.now().since_start, kRoundTrip);
        co_await first_byte(s);
        EXPECT_EQ(s.world.now().since_start, 2 * kRoundTrip);  // the third of a dial is TCP's own
    });
}

TEST(Libp2pConnection, FallsBackToMultistreamForTheMuxerWithoutMoreRoundTrips) {
    for (const bool dialer_early : {false, true}) {
        for (const bool listener_early : {false, true}) {
            Fixture f;
            f.dialer_config.early_muxer = dialer_early;
            f.listener_config.early_muxer = listener_early;
            f.run_at_once([](Fixture& s) -> Task<void> {
                co_await first_byte(s);
                EXPECT_EQ(s.world.now().since_start, 2 * kRoundTrip);
                co_await echo_once(s);
            });
        }
    }
}

TEST(Libp2pConnection, IdentifiesThePeerByItself) {
    Fixture f;
    f.listener_config.listen_addresses = [] { return std::vector{Multiaddr::parse("/ip4/1.2.3.4/tcp/5").value()}; };
    f.run_at_once([](Fixture& s) -> Task<void> {
        EXPECT_EQ(s.dialer->info().agent, "");
        co_await sleep_for(s.world, 5 * kRoundTrip);
        EXPECT_EQ(s.dialer->info().agent, "Node 2");
        EXPECT_EQ(s.listener->info().agent, "Node 1");
        const auto protocols = s.dialer->info().protocols;
        EXPECT_TRUE(std::ranges::find(protocols, "/chat/1.0.0") != protocols.end());
        EXPECT_TRUE(std::ranges::find(protocols, "/ipfs/ping/1.0.0") != protocols.end());
    });
}

TEST(Libp2pConnection, SaysUnsupportedAtTheFirstReadAndOnceItKnowsThePeerAtOnce) {
    Fixture f;
    f.run_at_once([](Fixture& s) -> Task<void> {
        auto early = co_await s.dialer->open(kOther, s.soon());
        EXPECT_TRUE(early);
        EXPECT_EQ((co_await (*early)->read()).error().code(), Errc::unsupported);
        co_await sleep_for(s.world, 5 * kRoundTrip);
        const auto late = co_await s.dialer->open(kOther, s.soon());
        EXPECT_EQ(late.error().code(), Errc::unsupported);
    });
}

TEST(Libp2pConnection, CarriesMessagesOfAllSizesBothWaysInOrder) {
    Fixture f;
    f.run([](Fixture& s) -> Task<void> {
        auto opened = co_await s.dialer->open(kChat, s.soon());
        EXPECT_TRUE(opened);
        const auto sizes = {0u, 1u, 55u, 56u, 70'000u, 1'000'000u};
        net::Code code = 0;
        for (const auto size : sizes) EXPECT_TRUE(co_await send(**opened, code++, item(size, 0x90)));
        auto incoming = co_await s.listener->accept();
        EXPECT_TRUE(incoming);
        EXPECT_EQ(incoming->spec, &kChat);
        EXPECT_EQ(incoming->stream->peer().id, s.listener->peer().id);
        code = 0;
        for (const auto size : sizes) {
            auto message = co_await incoming->stream->read();
            EXPECT_TRUE(message);
            EXPECT_EQ(message->code, code++);
            EXPECT_EQ(message->payload, item(size, 0x90));
            EXPECT_TRUE(co_await send(*incoming->stream, message->code + 100, message->payload));
        }
        for (const auto size : sizes) EXPECT_EQ((co_await (*opened)->read())->payload, item(size, 0x90));
    });
}

TEST(Libp2pConnection, PingsByAStreamOfItsOwn) {
    Fixture f;
    f.run([](Fixture& s) -> Task<void> {
        for (int i = 0; i < 3; ++i) EXPECT_EQ((co_await s.dialer->ping(s.soon())).value(), kRoundTrip);
        EXPECT_EQ((co_await s.listener->ping(s.soon())).value(), kRoundTrip);
    });
}

TEST(Libp2pConnection, MeasuresItsThroughput) {
    Fixture f;
    f.run([](Fixture& s) -> Task<void> {
        auto stream = s.dialer->open_stream(kPerfId, s.soon());
        const auto result = co_await run_perf(s.world.env(), **stream, 3'000'000, 5'000'000);
        EXPECT_TRUE(result);
        EXPECT_GE(result->upload, kRoundTrip);
        EXPECT_GT(result->download, 0ms);
    });
}

TEST(Libp2pConnection, EndsBothSidesWithAGoodbyeAndFailsItsStreams) {
    Fixture f;
    f.run([](Fixture& s) -> Task<void> {
        auto ours = co_await s.dialer->open(kChat, s.soon());
        EXPECT_TRUE(co_await send(**ours, 1, item(3, 0x90)));
        auto theirs = co_await s.listener->accept();
        EXPECT_TRUE(co_await theirs->stream->read());
        s.dialer->close(Error(Errc::duplicate, "another connection is better"));
        EXPECT_EQ((co_await (*ours)->read()).error().code(), Errc::duplicate);
        EXPECT_EQ((co_await send(**ours, 1, item(3, 0x90))).error().code(), Errc::duplicate);
        EXPECT_FALSE(co_await theirs->stream->read());
        EXPECT_EQ((co_await s.dialer->accept()).error().code(), Errc::duplicate);
        EXPECT_FALSE(co_await s.listener->accept());
    });
    EXPECT_EQ(f.dialer_end->code(), Errc::duplicate);
    EXPECT_EQ(f.listener_end->blame(), Blame::transient);
}

TEST(Libp2pConnection, RefusesMoreUnacceptedStreamsThanItKeeps) {
    Fixture f;
    f.run([](Fixture& s) -> Task<void> {
        std::vector<std::unique_ptr<net::MessageStream>> streams;
        for (std::size_t i = 0; i < kMaxWaitingStreams + 3; ++i) {
            streams.push_back((co_await s.dialer->open(kChat, s.soon())).value());
            EXPECT_TRUE(co_await send(*streams.back(), 1, item(1, 0x90)));
        }
        co_await sleep_for(s.world, 3 * kRoundTrip);
        std::size_t refused = 0;
        for (auto& stream : streams) refused += stream->try_read().error().code() == Errc::reset ? 1 : 0;
        EXPECT_EQ(refused, 3u);
        EXPECT_TRUE(co_await s.listener->accept());
    });
}

}  // namespace
}  // namespace sotto::libp2p
