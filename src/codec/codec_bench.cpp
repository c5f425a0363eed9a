// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <benchmark/benchmark.h>

#include "codec/multiaddr.hpp"
#include "codec/rlp.hpp"

namespace sotto {
namespace {

/// A list of items shaped like whisper envelopes: [expiry, ttl, topic, data, nonce].
Bytes envelopes(std::size_t count, std::size_t data_size) {
    Bytes out;
    rlp::Writer writer(out);
    const Bytes data(data_size, 0xaa);
    const auto all = writer.begin_list();
    for (std::size_t i = 0; i < count; ++i) {
        const auto one = writer.begin_list();
        writer.uint(1'700'000'000 + i).uint(50).string("topi").string(data).uint(i).end_list(one);
    }
    writer.end_list(all);
    return out;
}

Result<std::uint64_t> sum_of(BytesView in) {
    std::uint64_t sum = 0;
    SOTTO_TRY(auto all, rlp::decode_list(in));
    while (!all.empty()) {
        SOTTO_TRY(auto one, all.list());
        SOTTO_TRY(const auto expiry, one.uint());
        SOTTO_TRY(const auto ttl, one.uint());
        SOTTO_TRY(const auto topic, one.fixed<4>());
        SOTTO_TRY(const auto data, one.string());
        SOTTO_TRY(const auto nonce, one.uint());
        SOTTO_CHECK(one.expect_end());
        sum += expiry + ttl + topic[0] + data.size() + nonce;
    }
    return sum;
}

void rlp_decode_envelopes(benchmark::State& state) {
    const auto input = envelopes(100, static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) {
        const auto sum = sum_of(input);
        if (!sum) state.SkipWithError("the list was refused");
        benchmark::DoNotOptimize(*sum);
    }
    state.SetItemsProcessed(state.iterations() * 100);
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(input.size()));
}
BENCHMARK(rlp_decode_envelopes)->Arg(256)->Arg(4096);

void rlp_encode_envelopes(benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(envelopes(100, 256));
    state.SetItemsProcessed(state.iterations() * 100);
}
BENCHMARK(rlp_encode_envelopes);

constexpr std::string_view kAddress =
    "/ip4/192.0.2.1/tcp/60000/p2p/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA";

void multiaddr_decode(benchmark::State& state) {
    const auto binary = Multiaddr::parse(kAddress).value().encode();
    for (auto _ : state) benchmark::DoNotOptimize(Multiaddr::decode(binary));
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(multiaddr_decode);

void multiaddr_parse(benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(Multiaddr::parse(kAddress));
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(multiaddr_parse);

void multiaddr_print(benchmark::State& state) {
    const auto address = Multiaddr::parse(kAddress).value();
    for (auto _ : state) benchmark::DoNotOptimize(address.to_string());
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(multiaddr_print);

}  // namespace
}  // namespace sotto
