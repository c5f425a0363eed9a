// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "libp2p/heartbeat.hpp"

#include <algorithm>

namespace sotto::libp2p {
namespace {

constexpr Byte kPing = 1;
constexpr Byte kPong = 2;

}  // namespace

Task<Result<void>> serve_heartbeat(net::Stream& stream) {
    const ByteArray<1> ping{kPing};
    SOTTO_CO_CHECK(co_await net::write(stream, ping));
    ByteArray<64> heard;
    for (;;) {
        SOTTO_CO_TRY(const auto count, co_await net::read_some(stream, heard));
        if (count == 0) co_return Result<void>{};
        const auto pings = std::ranges::count(BytesView(heard).first(count), kPing);
        const Bytes answers(static_cast<std::size_t>(pings), kPong);
        if (pings > 0) SOTTO_CO_CHECK(co_await net::write(stream, answers));
    }
}

}  // namespace sotto::libp2p
