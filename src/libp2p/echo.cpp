// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "libp2p/echo.hpp"

namespace sotto::libp2p {

Task<Result<void>> serve_echo(net::Stream& stream) {
    constexpr std::size_t kPiece = 16 * 1024;
    for (;;) {
        SOTTO_CO_CHECK(co_await stream.readable());
        Bytes piece(kPiece);  // made only now: an idle stream owns no buffer
        const auto count = stream.try_read(piece);
        if (!count && count.error() == Errc::would_block) continue;
        if (!count) co_return fail(count.error());
        if (*count == 0) co_return Result<void>{};
        SOTTO_CO_CHECK(co_await net::write(stream, BytesView(piece).first(*count)));
    }
}

}  // namespace sotto::libp2p
