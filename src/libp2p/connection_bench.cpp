// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <benchmark/benchmark.h>
#include <malloc.h>

#include "base/task_group.hpp"
#include "libp2p/connection.hpp"
#include "libp2p/perf.hpp"
#include "libp2p/upgrader.hpp"
#include "sim/world.hpp"

namespace sotto::libp2p {
namespace {

constexpr net::ProtocolSpec kChat{"chat", 1, 8, 1024 * 1024, "/chat/1.0.0"};

Config config_of(Byte seed) {
    ByteArray<32> secret;
    secret.fill(seed);
    Config config{.identity = crypto::PrivateKey::make(crypto::KeyType::secp256k1, secret).value(),
                  .agent = "Sotto/v0.1.0/linux-amd64",
                  .protocols = {&kChat}};
    config.serve_perf = true;
    return config;
}

/// Two nodes with any number of connections between them.
struct Nodes {
    explicit Nodes(sim::World& w)
        : world(w),
          dialing(make_libp2p_upgrader(w.env(), config_of(1))),
          listening(make_libp2p_upgrader(w.env(), config_of(2))) {}

    sim::World& world;
    std::unique_ptr<net::Upgrader> dialing;
    std::unique_ptr<net::Upgrader> listening;
    std::vector<std::unique_ptr<Connection>> dialed;
    std::vector<std::unique_ptr<Connection>> listened;
    std::vector<std::unique_ptr<net::MessageStream>> streams;

    static Task<std::unique_ptr<Connection>> upgrade(net::Upgrader& upgrader,
                                                     std::unique_ptr<net::Stream> raw,
                                                     net::Role role) {
        net::RawConnection connection{std::move(raw), {}, {}};
        auto made = co_await upgrader.upgrade(std::move(connection), role, nullptr, Deadline{});
        co_return std::unique_ptr<Connection>(dynamic_cast<Connection*>(made->release()));
    }
    static Task<void> run(Connection& connection) { (void)co_await connection.run(); }
    static Task<void> listen(Nodes& self, TaskGroup& group, std::unique_ptr<net::Stream> raw) {
        self.listened.push_back(co_await upgrade(*self.listening, std::move(raw), net::Role::listener));
        group.spawn(run(*self.listened.back()));
    }
    Task<Connection*> connect(TaskGroup& group) {
        auto [a, b] = sim::make_pipe(world, {.window = 1024 * 1024});
        group.spawn(listen(*this, group, std::move(b)));
        dialed.push_back(co_await upgrade(*dialing, std::move(a), net::Role::dialer));
        group.spawn(run(*dialed.back()));
        co_return dialed.back().get();
    }
    /// A message stream, with one message each way behind it.
    Task<void> chat(Connection& ours, Connection& theirs) {
        const Bytes item{0xc0};
        const std::array<BytesView, 1> pieces{BytesView(item)};
        auto opened = (co_await ours.open(kChat, Deadline{})).value();
        (void)co_await opened->write(1, pieces);
        auto incoming = (co_await theirs.accept()).value();
        (void)co_await incoming.stream->read();
        (void)co_await incoming.stream->write(1, pieces);
        (void)co_await opened->read();
        streams.push_back(std::move(opened));
        streams.push_back(std::move(incoming.stream));
    }
    Task<void> close_all(TaskGroup& group) {
        for (const auto& connection : dialed) connection->close(Error(Errc::closed));
        co_await group.wait_all();
    }
};

template <class Body>
void run_in_group(sim::World& world, Body body) {
    struct Run {
        static Task<void> all(sim::World& w, Body& b) {
            auto in_group = [&b](TaskGroup& group) { return b(group); };
            (void)co_await with_group(w.env(), 10'000, in_group);
        }
    };
    world.run(Run::all(world, body));
}

/// Bytes that one end of an idle, identified connection with one message stream holds; the design allows 24 KiB.
void BM_IdleConnectionMemory(benchmark::State& state) {
    constexpr std::size_t kConnections = 500;
    constexpr double kAllowed = 24 * 1024;
    for (auto _ : state) {
        sim::World world(1);
        Nodes nodes(world);
        double each = 0;
        run_in_group(world, [&](TaskGroup& group) -> Task<bool> {
            const auto before = mallinfo2().uordblks;
            for (std::size_t i = 0; i < kConnections; ++i) {
                auto* ours = co_await nodes.connect(group);
                co_await sleep_for(world, std::chrono::milliseconds(1));
                co_await nodes.chat(*ours, *nodes.listened.back());
            }
            co_await sleep_for(world, std::chrono::seconds(1));
            each = static_cast<double>(mallinfo2().uordblks - before) / (2 * kConnections);
            co_await nodes.close_all(group);
            co_return true;
        });
        state.counters["bytes_per_end"] = each;
        if (each > kAllowed) state.SkipWithError("an idle connection holds more than 24 KiB");
    }
}
BENCHMARK(BM_IdleConnectionMemory)->Iterations(1);

/// Noise, yamux and the perf protocol, both ends on one thread, without a network: half of it is one end's work.
void BM_ConnectionThroughput(benchmark::State& state) {
    constexpr std::uint64_t kSize = 64 * 1024 * 1024;
    sim::World world(1);
    Nodes nodes(world);
    run_in_group(world, [&](TaskGroup& group) -> Task<bool> {
        auto* ours = co_await nodes.connect(group);
        for (auto _ : state) {
            const auto stream = ours->open_stream(kPerfId, Deadline{}).value();
            const auto result = co_await run_perf(world.env(), *stream, kSize, 0);
            if (!result) state.SkipWithError("the transfer failed");
        }
        co_await nodes.close_all(group);
        co_return true;
    });
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kSize));
}
BENCHMARK(BM_ConnectionThroughput)->Unit(benchmark::kMillisecond);

/// A whole dial, from the raw streams to both connections and the goodbye.
void BM_Connect(benchmark::State& state) {
    sim::World world(1);
    for (auto _ : state) {
        Nodes nodes(world);
        run_in_group(world, [&](TaskGroup& group) -> Task<bool> {
            (void)co_await nodes.connect(group);
            co_await nodes.close_all(group);
            co_return true;
        });
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_Connect);

}  // namespace
}  // namespace sotto::libp2p
