// SPDX-License-Identifier: Apache-2.0 OR MIT
// A peer that speaks the lower layers well and then behaves badly on its streams.
#include <gtest/gtest.h>

#include "base/task_group.hpp"
#include "codec/varint.hpp"
#include "libp2p/connection.hpp"
#include "libp2p/echo.hpp"
#include "libp2p/lazy_stream.hpp"
#include "libp2p/multistream.hpp"
#include "libp2p/noise_stream.hpp"
#include "libp2p/ping.hpp"
#include "libp2p/upgrader.hpp"
#include "sim/world.hpp"

namespace sotto::libp2p {
namespace {

using namespace std::chrono_literals;
using OwnedStream = std::unique_ptr<net::Stream>;

constexpr net::ProtocolSpec kChat{"chat", 1, 8, 1024 * 1024, "/chat/1.0.0"};

ByteArray<32> filled(Byte value) {
    ByteArray<32> bytes;
    bytes.fill(value);
    return bytes;
}
crypto::PrivateKey key_of(Byte seed) {
    return crypto::PrivateKey::make(crypto::KeyType::secp256k1, filled(seed)).value();
}
Bytes tokens(std::initializer_list<std::string_view> texts) {
    Bytes bytes;
    for (const auto text : texts) multistream::append_token(bytes, text);
    return bytes;
}

/// Our node listens; the test holds the muxer of the other end.
struct Fixture {
    sim::World world{1};
    NoiseIdentity hostile{key_of(9), filled(8), {"/yamux/1.0.0"}};
    std::unique_ptr<Yamux> muxer;
    std::unique_ptr<net::Connection> node;
    std::optional<Error> node_end;

    using Body = Task<void> (*)(Fixture&);
    void run(Body body) { world.run(live(*this, body)); }

    static Task<void> live(Fixture& self, Body body) {
        auto in_group = [&self, body](TaskGroup& group) { return live_in(self, body, group); };
        co_await with_group(self.world.env(), 16, in_group);
    }
    static Task<bool> live_in(Fixture& self, Body body, TaskGroup& group) {
        const auto env = self.world.env();
        auto [a, b] = sim::make_pipe(self.world, {.latency = 10ms});
        Config config{.identity = key_of(1), .agent = "Node", .protocols = {&kChat}};
        config.serve_echo = true;
        const auto upgrader = make_libp2p_upgrader(env, std::move(config));
        group.spawn(listen(self, *upgrader, std::move(b)));
        LazyStream lazy(env, std::move(a), "/noise", Deadline::in(self.world, 10s));
        NoiseHandshake handshake(net::Role::dialer, self.hostile, env.random->array<32>(), {});
        auto outcome = co_await run_noise_handshake(lazy, std::move(handshake));
        auto secure = make_noise_stream(env, lazy.release(), std::move(outcome->send), std::move(outcome->receive));
        self.muxer = std::make_unique<Yamux>(env, std::move(secure), net::Role::dialer, YamuxConfig{});
        group.spawn(run_muxer(*self.muxer));
        while (!self.node) co_await sleep_for(self.world, 10ms);
        co_await body(self);
        self.muxer->close(Error(Errc::closed));
        while (!self.node_end) co_await sleep_for(self.world, 10ms);
        co_return true;
    }
    static Task<void> listen(Fixture& self, net::Upgrader& upgrader, OwnedStream raw) {
        net::RawConnection connection{std::move(raw), {}, {}};
        const auto deadline = Deadline::in(self.world, 10s);
        self.node = (co_await upgrader.upgrade(std::move(connection), net::Role::listener, nullptr, deadline)).value();
        self.node_end.emplace(co_await self.node->run());
    }
    static Task<void> run_muxer(Yamux& muxer) { (void)co_await muxer.run(); }

    Task<OwnedStream> open_with(BytesView first) {
        auto stream = muxer->open().value();
        EXPECT_TRUE(co_await net::write(*stream, first));
        co_return stream;
    }
    Task<bool> echo_works() {
        auto hello = tokens({"/multistream/1.0.0", "/echo/1.0.0"});
        const auto expected_size = hello.size() + 2;
        append(hello, view_of("hi"));
        const auto stream = co_await open_with(hello);
        Bytes answer(expected_size);
        const auto read = co_await net::read_exact(*stream, answer);
        co_return read&& answer == hello;
    }
};
Task<Errc> read_error(net::Stream& stream) {
    for (;;) {
        Bytes into(100);
        const auto count = co_await net::read_some(stream, into);
        if (!count) co_return count.error().code();
        if (*count == 0) co_return Errc::closed;
    }
}

TEST(HostileLibp2pPeer, DoesNotHoldUpOthersByOpeningStreamsInSilence) {
    Fixture fixture;
    fixture.run([](Fixture& f) -> Task<void> {
        std::vector<OwnedStream> silent;
        for (int i = 0; i < 100; ++i) silent.push_back(co_await f.open_with(Bytes{19, '/'}));
        const auto before = f.world.now();
        EXPECT_TRUE(co_await f.echo_works());
        EXPECT_LT(f.world.now() - before, 100ms);
        EXPECT_EQ(co_await read_error(*silent[0]), Errc::reset);
        EXPECT_LT(f.world.now() - before, 11s);
        for (const auto& stream : silent) EXPECT_EQ(co_await read_error(*stream), Errc::reset);
        EXPECT_LT(f.world.now() - before, 11s);
    });
}

TEST(HostileLibp2pPeer, IsRefusedTheNegotiationAboveTheLimitAndTheRestGoesOn) {
    Fixture fixture;
    fixture.run([](Fixture& f) -> Task<void> {
        std::vector<OwnedStream> silent;
        for (int i = 0; i < 130; ++i) silent.push_back(co_await f.open_with(Bytes{19, '/'}));
        const auto before = f.world.now();
        EXPECT_EQ(co_await read_error(*silent[128]), Errc::reset);
        EXPECT_EQ(co_await read_error(*silent[129]), Errc::reset);
        EXPECT_LT(f.world.now() - before, 1s);
        co_await sleep_for(f.world, 11s);
        EXPECT_TRUE(co_await f.echo_works());
        EXPECT_FALSE(f.node_end);
    });
}

TEST(HostileLibp2pPeer, LosesOnlyItsStreamByNonsense) {
    Fixture fixture;
    fixture.run([](Fixture& f) -> Task<void> {
        const auto chat = tokens({"/multistream/1.0.0", "/chat/1.0.0"});
        auto promise = chat;
        append(promise, from_hex("01ff7fffffffffffffff").value());
        const auto huge = co_await f.open_with(promise);
        const auto incoming = co_await f.node->accept();
        EXPECT_EQ((co_await incoming->stream->read()).error().code(), Errc::too_large);
        EXPECT_EQ(co_await read_error(*huge), Errc::reset);

        const auto oversized = co_await f.open_with(Bytes(100, 0xff));
        EXPECT_EQ(co_await read_error(*oversized), Errc::reset);
        auto cut_ping = tokens({"/multistream/1.0.0", "/ipfs/ping/1.0.0"});
        append(cut_ping, Bytes(31, 1));
        const auto ping = co_await f.open_with(cut_ping);
        EXPECT_TRUE(co_await ping->close_write());
        EXPECT_EQ(co_await read_error(*ping), Errc::reset);

        EXPECT_TRUE(co_await f.echo_works());
        EXPECT_FALSE(f.node_end);
    });
}

Bytes pushed(const IdentifyInfo& info) {
    auto bytes = tokens({"/multistream/1.0.0", "/ipfs/id/push/1.0.0"});
    const auto message = info.encode();
    varint::append(bytes, message.size());
    append(bytes, message);
    return bytes;
}

TEST(HostileLibp2pPeer, UpdatesWhatIsKnownOfItByAPush) {
    Fixture fixture;
    fixture.run([](Fixture& f) -> Task<void> {
        IdentifyInfo info;
        info.agent = "pushed";
        const auto stream = co_await f.open_with(pushed(info));
        EXPECT_TRUE(co_await stream->close_write());
        EXPECT_EQ(co_await read_error(*stream), Errc::closed);
        EXPECT_EQ(f.node->info().agent, "pushed");
    });
}

TEST(HostileLibp2pPeer, LosesTheConnectionWhenItClaimsAnotherIdentity) {
    Fixture fixture;
    fixture.run([](Fixture& f) -> Task<void> {
        IdentifyInfo info;
        info.key = key_of(5).public_key();
        const auto stream = co_await f.open_with(pushed(info));
        EXPECT_TRUE(co_await stream->close_write());
        co_await sleep_for(f.world, 1s);
        EXPECT_TRUE(f.node_end && *f.node_end == Errc::wrong_identity);
    });
}

TEST(HostileLibp2pPeer, CannotMakeIdentifyReadForEver) {
    Fixture fixture;
    fixture.run([](Fixture& f) -> Task<void> {
        IdentifyInfo info;
        info.agent = "again";
        auto bytes = pushed(info);
        const auto one =
            Bytes(bytes.begin() + static_cast<std::ptrdiff_t>(bytes.size() - info.encode().size() - 1), bytes.end());
        for (std::size_t i = 0; i < kMaxIdentifyMessages; ++i) append(bytes, one);
        const auto many = co_await f.open_with(bytes);
        EXPECT_EQ(co_await read_error(*many), Errc::reset);
        auto large = tokens({"/multistream/1.0.0", "/ipfs/id/push/1.0.0"});
        varint::append(large, kMaxIdentifyMessage + 1);
        const auto oversized = co_await f.open_with(large);
        EXPECT_EQ(co_await read_error(*oversized), Errc::reset);
        EXPECT_EQ(f.node->info().agent, "");
    });
}

}  // namespace
}  // namespace sotto::libp2p
