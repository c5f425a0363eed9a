// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "libp2p/multistream.hpp"

#include "base/fuzz.hpp"
#include "libp2p/lazy_stream.hpp"
#include "sim/world.hpp"

namespace sotto::libp2p {
namespace {

constexpr std::array<std::string_view, 2> kSupported{"/noise", "/echo/1.0.0"};

Task<Bytes> read_all(net::Stream& stream) {
    Bytes all;
    for (;;) {
        ByteArray<256> piece;
        const auto count = co_await net::read_some(stream, piece);
        if (!count || *count == 0) co_return all;
        append(all, BytesView(piece).first(*count));
    }
}
/// A listener of ours against a dialler that sends the input: it chooses only what was proposed, and takes no byte
/// behind.
Task<void> listen(sim::World& world, BytesView input) {
    auto [peer, ours] = sim::make_pipe(world, {});
    SOTTO_FUZZ_CHECK(co_await net::write(*peer, input));
    SOTTO_FUZZ_CHECK(co_await peer->close_write());
    const auto chosen = co_await multistream::answer(*ours, kSupported);
    if (!chosen) co_return;
    Bytes token;
    multistream::append_token(token, *chosen);
    const auto rest = co_await read_all(*ours);
    const auto taken = input.first(input.size() - rest.size());
    SOTTO_FUZZ_CHECK(equal(taken.last(token.size()), token));
    SOTTO_FUZZ_CHECK(equal(rest, input.subspan(taken.size())));
}
/// A dialler of ours against a listener that sends the input: data is delivered only behind the right echoes.
Task<void> dial(sim::World& world, BytesView input) {
    auto [raw, peer] = sim::make_pipe(world, {});
    SOTTO_FUZZ_CHECK(co_await net::write(*peer, input));
    SOTTO_FUZZ_CHECK(co_await peer->close_write());
    const auto deadline = Deadline::in(world, std::chrono::seconds(10));
    LazyStream lazy(world.env(), std::move(raw), "/echo/1.0.0", deadline);
    const auto data = co_await read_all(lazy);
    Bytes echoes;
    multistream::append_token(echoes, multistream::kHeader);
    multistream::append_token(echoes, "/echo/1.0.0");
    const bool agreed = input.size() >= echoes.size() && equal(input.first(echoes.size()), echoes);
    SOTTO_FUZZ_CHECK(equal(data, agreed ? input.subspan(echoes.size()) : BytesView()));
}

}  // namespace

SOTTO_FUZZ(multistream) {
    if (input.empty() || input.size() > 4096) return;
    sim::World world(1);
    const auto bytes = input.subspan(1);
    world.run((input[0] & 1) != 0 ? listen(world, bytes) : dial(world, bytes));
}

}  // namespace sotto::libp2p
