// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <benchmark/benchmark.h>

#include "base/byte_queue.hpp"
#include "base/loop.hpp"
#include "base/this_executor.hpp"
#include "libp2p/noise_stream.hpp"

namespace sotto::libp2p {
namespace {

ByteArray<32> filled(Byte value) {
    ByteArray<32> bytes;
    bytes.fill(value);
    return bytes;
}
NoiseIdentity identity(Byte seed) {
    const auto key = crypto::PrivateKey::make(crypto::KeyType::secp256k1, filled(seed)).value();
    return NoiseIdentity(key, filled(static_cast<Byte>(seed + 50)), {"/yamux/1.0.0"});
}

/// What is written can be read; nothing waits.
class LoopedStream final : public net::Stream {
  public:
    Task<Result<void>> readable() override {
        co_await yield_now();
        co_return Result<void>{};
    }
    Result<std::size_t> try_read(BytesSpan into) noexcept override {
        if (bytes_.empty()) return fail(Errc::would_block);
        return bytes_.read(into);
    }
    Task<Result<void>> write(Buffers pieces) override {
        for (const auto& piece : pieces) bytes_.append(piece);
        co_return Result<void>{};
    }
    Task<Result<void>> close_write() override { co_return Result<void>{}; }
    void reset(Error) noexcept override {}

  private:
    ByteQueue bytes_;
};

Task<int> seal_and_open(Env env, benchmark::State& state, std::size_t size) {
    const auto stream = make_noise_stream(
        env, std::make_unique<LoopedStream>(), crypto::NoiseCipher(filled(1)), crypto::NoiseCipher(filled(1)));
    const Bytes sent(size, 7);
    for (auto _ : state) {
        (void)co_await net::write(*stream, sent);
        for (std::size_t received = 0; received < size;) {
            const auto count = stream->try_read(env.scratch->plain);
            if (!count) co_return 1;
            received += *count;
        }
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(size));
    co_return 0;
}

/// One thread seals and opens every byte: a connection's end does half of that a byte.
void BM_NoiseSealAndOpen(benchmark::State& state) {
    Loop loop(1);
    if (loop.run(seal_and_open(loop.env(), state, static_cast<std::size_t>(state.range(0)))) != 0) {
        state.SkipWithError("the stream failed");
    }
}
BENCHMARK(BM_NoiseSealAndOpen)->Arg(300)->Arg(4096)->Arg(64 * 1024)->Arg(256 * 1024);

/// Both ends of a handshake.
void BM_NoiseHandshake(benchmark::State& state) {
    const auto a = identity(1);
    const auto b = identity(2);
    for (auto _ : state) {
        NoiseHandshake initiator(net::Role::dialer, a, filled(3), {});
        NoiseHandshake responder(net::Role::listener, b, filled(4), {});
        const bool done = responder.read(*initiator.write()) && initiator.read(*responder.write()) &&
                          responder.read(*initiator.write());
        if (!done) state.SkipWithError("the handshake failed");
        benchmark::DoNotOptimize(responder.take_outcome());
        benchmark::DoNotOptimize(initiator.take_outcome());
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_NoiseHandshake);

}  // namespace
}  // namespace sotto::libp2p
