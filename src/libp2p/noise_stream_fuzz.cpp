// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "base/fuzz.hpp"
#include "libp2p/noise_stream.hpp"
#include "sim/world.hpp"

namespace sotto::libp2p {
namespace {

ByteArray<32> key(Byte value) {
    ByteArray<32> bytes;
    bytes.fill(value);
    return bytes;
}
void append_frame(Bytes& wire, crypto::NoiseCipher& sealer, BytesView plain) {
    const auto at = wire.size();
    const auto sealed = plain.size() + crypto::NoiseCipher::kTagSize;
    wire.resize(at + 2 + sealed);
    store_be(static_cast<std::uint16_t>(sealed), BytesSpan(wire).subspan(at));
    const std::array<BytesView, 1> pieces{plain};
    sealer.seal(pieces, {}, BytesSpan(wire).subspan(at + 2));
}

/// The input is a script: a byte that says how much of what follows goes into the next frame, and whether the frame is
/// honest or raw bytes of the peer's. What is read is the honest plaintext before the first raw frame, and nothing
/// else.
struct Script {
    Bytes wire;
    Bytes plain;
    bool honest = true;
    std::size_t read_size = 1;

    explicit Script(BytesView input) {
        crypto::NoiseCipher sealer(key(2));
        if (!input.empty()) read_size = 1 + input[0];
        while (input.size() >= 2) {
            const std::size_t size = std::min<std::size_t>(input[0] & 0x7f, input.size() - 1);
            const auto piece = input.subspan(1, size);
            if ((input[0] & 0x80) != 0) {
                append(wire, piece);
                honest = honest && piece.empty();
            } else {
                append_frame(wire, sealer, piece);
                if (honest) append(plain, piece);
            }
            input = input.subspan(1 + size);
        }
    }
};
Task<void> read(sim::World& world, const Script& script) {
    auto [raw, peer] = sim::make_pipe(world, {});
    const auto stream =
        make_noise_stream(world.env(), std::move(raw), crypto::NoiseCipher(key(1)), crypto::NoiseCipher(key(2)));
    SOTTO_FUZZ_CHECK(co_await net::write(*peer, script.wire));
    SOTTO_FUZZ_CHECK(co_await peer->close_write());
    Bytes received;
    for (;;) {
        Bytes piece(script.read_size);
        const auto count = co_await net::read_some(*stream, piece);
        SOTTO_FUZZ_CHECK(count || !script.honest);
        if (!count || *count == 0) break;
        append(received, BytesView(piece).first(*count));
    }
    SOTTO_FUZZ_CHECK(equal(received, script.plain));
}

}  // namespace

SOTTO_FUZZ(noise_stream) {
    if (input.size() > 8192) return;
    const Script script(input);
    sim::World world(1);
    world.run(read(world, script));
}

}  // namespace sotto::libp2p
