// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "libp2p/noise_handshake.hpp"

#include "base/fuzz.hpp"

namespace sotto::libp2p {
namespace {

ByteArray<32> filled(Byte value) {
    ByteArray<32> bytes;
    bytes.fill(value);
    return bytes;
}
const NoiseIdentity& identity() {
    static const NoiseIdentity made(
        crypto::PrivateKey::make(crypto::KeyType::secp256k1, filled(1)).value(), filled(2), {"/yamux/1.0.0"});
    return made;
}

/// A peer that speaks Noise well, with a payload of the fuzzer's choice.
void with_payload(net::Role role, BytesView payload) {
    const auto decoded = NoisePayload::decode(payload);
    if (!decoded || decoded->encode().size() > kMaxNoiseHandshakeMessage / 2) return;
    const NoiseIdentity hostile(filled(3), *decoded);
    NoiseHandshake ours(role, identity(), filled(4), {});
    NoiseHandshake theirs(role == net::Role::dialer ? net::Role::listener : net::Role::dialer, hostile, filled(5), {});
    while (!ours.done() || !theirs.done()) {
        auto& writer = ours.wants_write() ? ours : theirs;
        const auto message = writer.write();
        SOTTO_FUZZ_CHECK(message);
        if (!(&writer == &ours ? theirs : ours).read(*message)) return;
    }
    // Only the identity that signed this static key gets here, and the fuzzer has no such signature.
    SOTTO_FUZZ_CHECK(decoded->identity_sig.size() > 0);
}

/// Raw messages, whose lengths are in front.
void with_messages(net::Role role, BytesView messages) {
    NoiseHandshake ours(role, identity(), filled(4), {});
    while (!ours.done()) {
        if (ours.wants_write()) {
            if (!ours.write()) return;
            continue;
        }
        if (messages.size() < 2) return;
        const auto size = std::min<std::size_t>(load_be<std::uint16_t>(messages), messages.size() - 2);
        if (!ours.read(messages.subspan(2, size))) return;
        messages = messages.subspan(2 + size);
    }
    SOTTO_FUZZ_CHECK(!ours.done());  // nobody without a key gets to the end
}

}  // namespace

SOTTO_FUZZ(noise_handshake) {
    if (input.empty()) return;
    const auto role = (input[0] & 1) != 0 ? net::Role::dialer : net::Role::listener;
    if ((input[0] & 2) != 0) {
        with_payload(role, input.subspan(1));
    } else {
        with_messages(role, input.subspan(1));
    }
}

}  // namespace sotto::libp2p
