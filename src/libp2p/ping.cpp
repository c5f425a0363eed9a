// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "libp2p/ping.hpp"

namespace sotto::libp2p {

Task<Result<void>> serve_ping(net::Stream& stream) {
    ByteArray<kPingSize> payload;
    for (;;) {
        SOTTO_CO_TRY(const auto first, co_await net::read_some(stream, payload));
        if (first == 0) co_return Result<void>{};
        auto rest = co_await net::read_exact(stream, BytesSpan(payload).subspan(first));
        if (!rest && rest.error() == Errc::closed) co_return fail(Errc::malformed, "ping: cut short");
        if (!rest) co_return rest;
        SOTTO_CO_CHECK(co_await net::write(stream, payload));
    }
}

Task<Result<Duration>> ping(Env env, net::Stream& stream) {
    const auto sent = env.random->array<kPingSize>();
    const auto start = env.clock->now();
    SOTTO_CO_CHECK(co_await net::write(stream, sent));
    ByteArray<kPingSize> answer;
    SOTTO_CO_CHECK(co_await net::read_exact(stream, answer));
    if (!equal(answer, sent)) co_return fail(Errc::malformed, "ping: another answer than what was sent");
    co_return env.clock->now() - start;
}

}  // namespace sotto::libp2p
