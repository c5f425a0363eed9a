// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "net/stream.hpp"

#include <algorithm>

namespace sotto::net {

Task<Result<void>> write(Stream& stream, BytesView bytes) {
    const BytesView pieces[] = {bytes};
    co_return co_await stream.write(pieces);
}

Task<Result<std::size_t>> read_some(Stream& stream, BytesSpan into) {
    for (;;) {
        auto count = stream.try_read(into);
        if (count || count.error() != Errc::would_block) co_return count;
        SOTTO_CO_CHECK(co_await stream.readable());
    }
}

Task<Result<void>> read_exact(Stream& stream, BytesSpan into) {
    while (!into.empty()) {
        SOTTO_CO_TRY(const auto count, co_await read_some(stream, into));
        if (count == 0) co_return fail(Errc::closed, "the stream ended too early");
        into = into.subspan(count);
    }
    co_return Result<void>{};
}

Task<Result<void>> finish(Stream& stream, std::size_t limit) {
    SOTTO_CO_CHECK(co_await stream.close_write());
    ByteArray<4096> dropped;
    while (limit > 0) {
        SOTTO_CO_TRY(const auto count,
                     co_await read_some(stream, BytesSpan(dropped).first(std::min(limit, dropped.size()))));
        if (count == 0) co_return Result<void>{};
        limit -= count;
    }
    co_return fail(Errc::misbehaved, "the peer sends on behind the end");
}

}  // namespace sotto::net
