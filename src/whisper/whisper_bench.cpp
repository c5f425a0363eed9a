// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <benchmark/benchmark.h>

#include "base/task_group.hpp"
#include "codec/rlp.hpp"
#include "sim/world.hpp"
#include "whisper/node.hpp"
#include "whisper/packets.hpp"
#include "whisper/pipe_testing.hpp"
#include "whisper/seal.hpp"
#include "whisper/verify.hpp"

namespace sotto::whisper {
namespace {

/// Data bytes of an envelope whose RLP has about 302 bytes: the size of a short signed message.
constexpr std::size_t kShortData = 284;
constexpr std::uint64_t kNow = 1'564'358'400;

Bytes envelope(std::uint64_t nonce, std::size_t size = kShortData) {
    const Bytes data(size, 0x5a);
    return encode_envelope(encode_body(kNow + 50, 50, {1, 2, 3, 4}, data), nonce);
}

/// Nonces a second; the size must not matter.
void search_nonces(benchmark::State& state) {
    const Bytes data(static_cast<std::size_t>(state.range(0)), 0x5a);
    NonceSearch search(encode_body(kNow + 50, 50, {1, 2, 3, 4}, data), PowRule::eip627);
    for (auto _ : state) benchmark::DoNotOptimize(search.advance(257, 1 << 12));
    state.SetItemsProcessed(state.iterations() << 12);
    state.SetLabel(std::string(crypto::keccak_backend()));
}
BENCHMARK(search_nonces)->Arg(300)->Arg(64 * 1024);

/// Decode, hash for duplicates, all checks.
void decode_and_verify(benchmark::State& state) {
    const Bytes raw = envelope(12'345, static_cast<std::size_t>(state.range(0)));
    const Terms terms{.now = kNow};
    for (auto _ : state) {
        const auto view = decode_envelope(raw);
        benchmark::DoNotOptimize(crypto::keccak256(raw));
        benchmark::DoNotOptimize(verify(*view, terms));
    }
    state.SetItemsProcessed(state.iterations());
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(raw.size()));
}
BENCHMARK(decode_and_verify)->Arg(kShortData)->Arg(64 * 1024);

void pool_insert(benchmark::State& state) {
    std::vector<SharedEnvelope> envelopes;
    for (std::uint64_t i = 0; i < 100'000; ++i) envelopes.push_back(*make_envelope(envelope(i)));
    for (auto _ : state) {
        Pool pool({}, 1);
        for (const auto& each : envelopes) pool.add(each, {1, 1}, 0);
        benchmark::DoNotOptimize(pool.size());
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(envelopes.size()));
}
BENCHMARK(pool_insert)->Unit(benchmark::kMillisecond);

/// One envelope against N filters of as many topics and keys; its own topic has one of them.
void filter_match(benchmark::State& state) {
    FilterIndex index({});
    SharedKey ours;
    for (std::int64_t i = 0; i < state.range(0); ++i) {
        ByteArray<32> secret{1};
        store_be(static_cast<std::uint64_t>(i), BytesSpan(secret).last(8));
        const auto key = std::make_shared<const FilterKey>(true, secret);
        const Topic topic{static_cast<Byte>(i), static_cast<Byte>(i >> 8), 0, 1};
        (void)index.add(std::to_string(i), {.key = key, .topics = {topic}}, [](const SharedMessage&) {});
        if (i == 0) ours = key;
    }
    sim::World world(1);
    const Bytes plain = *encode_plaintext(view_of("hello"), {}, nullptr, *world.env().random);
    const Bytes data = seal_symmetric(ours->secret, plain, *world.env().random);
    const auto sealed = *make_envelope(encode_envelope(encode_body(kNow + 50, 50, {0, 0, 0, 1}, data), 0));
    for (auto _ : state) {
        for (const auto& key : index.candidates(sealed->view().topic, {})) {
            const auto message = open_envelope(*key, *sealed, 1);
            if (message) benchmark::DoNotOptimize(index.dispatch(*key, message, {}));
        }
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(filter_match)->Arg(1)->Arg(100)->Arg(1000);

Bytes list_of(const std::vector<Bytes>& items, std::size_t from, std::size_t to) {
    std::size_t size = 0;
    for (auto i = from; i < to; ++i) size += items[i].size();
    Bytes out;
    rlp::append_header(out, true, size);
    for (auto i = from; i < to; ++i) append(out, items[i]);
    return out;
}

Task<void> serve(Whisper& node, net::MessageStream& end) {
    (void)co_await node.run(end, [] {});
}
Task<void> feed(net::MessageStream& end, const std::vector<Bytes>& batches) {
    for (const auto& batch : batches) {
        const std::array<BytesView, 1> pieces{batch};
        (void)co_await end.write(code::kMessages, pieces);
    }
}
/// Reads until `expected` bytes of envelopes have arrived.
Task<void> drain(net::MessageStream& end, std::size_t expected) {
    while (expected > 0) {
        const auto message = co_await end.read();
        if (!message) co_return;
        if (message->code != code::kMessages) continue;
        const auto header = rlp::peek_header(message->payload);
        expected -= (*header)->payload_size;
    }
}

/// A feeds batches of 64 KiB, the node relays, C reads: all that the node does for an envelope, and the copies of the
/// pipe.
Task<void> relay(Env env, const std::vector<Bytes>& batches, std::size_t bytes) {
    Whisper node(env, {.min_pow = 0});
    auto from = testing::make_pipe(env, 1, 2);
    auto to = testing::make_pipe(env, 1, 3);
    auto body = [&](TaskGroup& group) -> Task<bool> {
        group.spawn(serve(node, *from.first));
        group.spawn(serve(node, *to.first));
        const Bytes status = encode_status({});
        const std::array<BytesView, 1> pieces{status};
        (void)co_await from.second->write(code::kStatus, pieces);
        (void)co_await to.second->write(code::kStatus, pieces);
        group.spawn(feed(*from.second, batches));
        co_await drain(*to.second, bytes);
        from.second->close(Error(Errc::closed));
        to.second->close(Error(Errc::closed));
        co_await group.wait_all();
        co_return true;
    };
    (void)co_await with_group(env, 8, std::ref(body));
}

void relay_in_memory(benchmark::State& state) {
    constexpr std::size_t kEnvelopes = 20'000;
    constexpr std::size_t kPerBatch = 200;
    std::vector<Bytes> envelopes;
    std::size_t bytes = 0;
    for (std::uint64_t i = 0; i < kEnvelopes; ++i) {
        envelopes.push_back(envelope(i + 1'000, kShortData));
        bytes += envelopes.back().size();
    }
    std::vector<Bytes> batches;
    for (std::size_t i = 0; i < kEnvelopes; i += kPerBatch) batches.push_back(list_of(envelopes, i, i + kPerBatch));
    for (auto _ : state) {
        sim::World world(1);
        world.run(relay(world.env(), batches, bytes));
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kEnvelopes));
}
BENCHMARK(relay_in_memory)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace sotto::whisper
