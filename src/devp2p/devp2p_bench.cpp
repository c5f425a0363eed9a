// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <benchmark/benchmark.h>
#include <malloc.h>

#include "base/task_group.hpp"
#include "devp2p/raw_peer_testing.hpp"
#include "devp2p/upgrader.hpp"
#include "sim/world.hpp"

namespace sotto::devp2p {
namespace {

constexpr net::ProtocolSpec kShh{"shh", 6, 128, 1024 * 1024, ""};

Config config_of(Byte number) {
    const ByteArray<32> secret{number};
    return {.identity = *crypto::PrivateKey::make(crypto::KeyType::secp256k1, secret),
            .client = "Sotto/v0.1.0/linux-amd64",
            .protocols = {&kShh}};
}

/// Both ends of a handshake, without Hello.
void BM_RlpxHandshake(benchmark::State& state) {
    const auto random = make_system_random();
    const Secret a{1};
    const Secret b{2};
    const auto remote = crypto::secp256k1::public_key(b);
    for (auto _ : state) {
        RlpxHandshake initiator(a, &remote, *random);
        RlpxHandshake recipient(b, nullptr, *random);
        const auto auth = *initiator.start();
        BytesView in(auth);
        const auto ack = *recipient.feed(in);
        in = ack;
        (void)initiator.feed(in);
        if (!initiator.done()) state.SkipWithError("the handshake failed");
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_RlpxHandshake);

/// One frame out and in again: what a message costs both ends together.
void BM_RlpxFrame(benchmark::State& state) {
    const auto [left, right] = testing::known_secrets();
    FrameEncoder encoder(left);
    FrameDecoder decoder(right, kMaxFrameContent);
    const Bytes content(static_cast<std::size_t>(state.range(0)), 0x55);
    const BytesView pieces[] = {content};
    Bytes wire;
    for (auto _ : state) {
        wire.clear();
        encoder.append_frame(wire, pieces);
        (void)decoder.take(BytesSpan(wire).first(kFrameHeader));
        if (!decoder.take(BytesSpan(wire).subspan(kFrameHeader))) state.SkipWithError("a frame was refused");
    }
    state.SetItemsProcessed(state.iterations());
    state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_RlpxFrame)->Arg(256)->Arg(1024)->Arg(64 * 1024);

/// Two nodes with any number of connections between them.
struct Nodes {
    explicit Nodes(sim::World& w)
        : world(w),
          dialing(make_rlpx_upgrader(w.env(), config_of(1))),
          listening(make_rlpx_upgrader(w.env(), config_of(2))) {}

    sim::World& world;
    std::unique_ptr<net::Upgrader> dialing;
    std::unique_ptr<net::Upgrader> listening;
    const crypto::PeerId listener{config_of(2).identity.public_key()};
    std::vector<std::unique_ptr<net::Connection>> dialed;
    std::vector<std::unique_ptr<net::Connection>> listened;
    std::vector<std::unique_ptr<net::MessageStream>> streams;

    static Task<void> run(net::Connection& connection) { (void)co_await connection.run(); }
    static Task<std::unique_ptr<net::Connection>> upgrade(net::Upgrader& upgrader,
                                                          std::unique_ptr<net::Stream> stream,
                                                          net::Role role,
                                                          const crypto::PeerId* expected) {
        net::RawConnection raw{std::move(stream), {}, {}};
        co_return (co_await upgrader.upgrade(std::move(raw), role, expected, Deadline{})).value();
    }
    static Task<void> listen(Nodes& self, TaskGroup& group, std::unique_ptr<net::Stream> stream) {
        self.listened.push_back(co_await upgrade(*self.listening, std::move(stream), net::Role::listener, nullptr));
        group.spawn(run(*self.listened.back()));
    }
    Task<void> connect(TaskGroup& group) {
        auto [a, b] = sim::make_pipe(world, {.window = 1024 * 1024});
        const auto before = listened.size();
        group.spawn(listen(*this, group, std::move(b)));
        dialed.push_back(co_await upgrade(*dialing, std::move(a), net::Role::dialer, &listener));
        group.spawn(run(*dialed.back()));
        while (listened.size() == before) co_await sleep_for(world, std::chrono::milliseconds(1));
        streams.push_back((co_await dialed.back()->open(kShh, {})).value());
        streams.push_back((co_await listened.back()->open(kShh, {})).value());
    }
    Task<void> close_all(TaskGroup& group) {
        for (const auto& connection : dialed) connection->close(Error(Errc::closed));
        co_await group.wait_all();
    }
};

template <class Body>
void run_in_group(sim::World& world, Body body) {
    (void)world.run(with_group(world.env(), 10'000, std::ref(body)));
}

/// A whole dial, from the raw streams to both connections and the goodbye.
void BM_RlpxConnect(benchmark::State& state) {
    sim::World world;
    for (auto _ : state) {
        Nodes nodes(world);
        run_in_group(world, [&](TaskGroup& group) -> Task<Result<void>> {
            co_await nodes.connect(group);
            co_await nodes.close_all(group);
            co_return Result<void>{};
        });
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_RlpxConnect);

/// Random messages through two whole connections on one thread, snappy included, without a network.
void BM_RlpxMessages(benchmark::State& state) {
    constexpr int kBatch = 1000;
    sim::World world;
    Nodes nodes(world);
    const auto payload = world.random().bytes(static_cast<std::size_t>(state.range(0)));
    struct Sender {
        static Task<void> run(net::MessageStream& stream, const Bytes& message) {
            const BytesView pieces[] = {message};
            for (int i = 0; i < kBatch; ++i) (void)co_await stream.write(1, pieces);
        }
    };
    run_in_group(world, [&](TaskGroup& group) -> Task<Result<void>> {
        co_await nodes.connect(group);
        for (auto _ : state) {
            group.spawn(Sender::run(*nodes.streams[0], payload));
            for (int i = 0; i < kBatch; ++i) {
                if (!co_await nodes.streams[1]->read()) state.SkipWithError("the connection broke");
            }
        }
        co_await nodes.close_all(group);
        co_return Result<void>{};
    });
    state.SetItemsProcessed(state.iterations() * kBatch);
}
BENCHMARK(BM_RlpxMessages)->Arg(256)->Arg(1024)->Arg(64 * 1024);

/// Bytes that one end of an idle connection with an open capability holds; the design allows 16 KiB.
void BM_RlpxIdleMemory(benchmark::State& state) {
    constexpr std::size_t kConnections = 500;
    constexpr double kAllowed = 16 * 1024;
    for (auto _ : state) {
        sim::World world;
        Nodes nodes(world);
        double each = 0;
        run_in_group(world, [&](TaskGroup& group) -> Task<Result<void>> {
            const auto before = mallinfo2().uordblks;
            for (std::size_t i = 0; i < kConnections; ++i) co_await nodes.connect(group);
            co_await sleep_for(world, std::chrono::seconds(1));
            each = static_cast<double>(mallinfo2().uordblks - before) / (2 * kConnections);
            co_await nodes.close_all(group);
            co_return Result<void>{};
        });
        state.counters["bytes_per_end"] = each;
        if (each > kAllowed) state.SkipWithError("an idle connection holds more than 16 KiB");
    }
}
BENCHMARK(BM_RlpxIdleMemory)->Iterations(1);

}  // namespace
}  // namespace sotto::devp2p
