// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "libp2p/perf.hpp"

#include <algorithm>

namespace sotto::libp2p {
namespace {

constexpr std::size_t kReadSize = 128 * 1024;
constexpr std::size_t kPiece = 256 * 1024;
constexpr ByteArray<kPiece> kZeros{};

Task<Result<void>> send_zeros(net::Stream& stream, std::uint64_t size) {
    while (size > 0) {
        const auto piece = static_cast<std::size_t>(std::min<std::uint64_t>(size, kPiece));
        SOTTO_CO_CHECK(co_await net::write(stream, BytesView(kZeros).first(piece)));
        size -= piece;
    }
    co_return Result<void>{};
}

}  // namespace

Task<Result<void>> serve_perf(net::Stream& stream) {
    ByteArray<8> wanted;
    SOTTO_CO_CHECK(co_await net::read_exact(stream, wanted));
    Bytes dropped(kReadSize);
    for (;;) {
        SOTTO_CO_TRY(const auto count, co_await net::read_some(stream, dropped));
        if (count == 0) break;
    }
    Bytes().swap(dropped);
    co_return co_await send_zeros(stream, load_be<std::uint64_t>(wanted));
}

Task<Result<PerfResult>> run_perf(Env env, net::Stream& stream, std::uint64_t upload, std::uint64_t download) {
    ByteArray<8> wanted;
    store_be(download, wanted);
    const auto start = env.clock->now();
    SOTTO_CO_CHECK(co_await net::write(stream, wanted));
    SOTTO_CO_CHECK(co_await send_zeros(stream, upload));
    SOTTO_CO_CHECK(co_await stream.close_write());
    Bytes into(kReadSize);
    SOTTO_CO_TRY(auto count, co_await net::read_some(stream, into));
    const auto middle = env.clock->now();
    std::uint64_t received = 0;
    while (count > 0) {
        received += count;
        if (received > download) break;
        SOTTO_CO_TRY(count, co_await net::read_some(stream, into));
    }
    if (received != download) co_return fail(Errc::misbehaved, "perf: another amount than was asked for");
    co_return PerfResult{middle - start, env.clock->now() - middle};
}

}  // namespace sotto::libp2p
