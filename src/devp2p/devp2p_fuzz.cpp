// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "base/fuzz.hpp"
#include "base/task_group.hpp"
#include "crypto/ecies.hpp"
#include "devp2p/connection.hpp"
#include "devp2p/disconnect.hpp"
#include "devp2p/hello.hpp"
#include "devp2p/raw_peer_testing.hpp"
#include "sim/world.hpp"

namespace sotto::devp2p {
namespace {

namespace secp = crypto::secp256k1;

constexpr net::ProtocolSpec kChat{"chat", 2, 120, 4096, ""};
constexpr net::ProtocolSpec kEcho{"echo", 1, 4, 512, ""};

constexpr Secret secret_of(Byte number) {
    return {number};
}

/// What an honest sealer of the body would put on the wire.
Bytes sealed(BytesView body) {
    Bytes packet(2);
    store_be(static_cast<std::uint16_t>(body.size() + crypto::ecies::kOverhead), packet);
    append(packet, crypto::ecies::encrypt(secp::public_key(secret_of(1)), body, packet, secret_of(3), {}).value());
    return packet;
}

/// A script of frames. One byte each says how long the frame is and what is done to it; `expected` are the messages
/// that arrive before the first thing which ends the connection.
struct Script {
    Bytes wire;
    std::vector<net::Message> expected;
    bool over = false;

    explicit Script(BytesView input) : peer_(nullptr, testing::known_secrets().second) {
        while (input.size() >= 2) {
            const std::size_t size = std::min<std::size_t>(input[0] & 0x3f, input.size() - 1);
            take(input[0] >> 6, input.subspan(1, size));
            input = input.subspan(1 + size);
        }
    }

  private:
    void take(int kind, BytesView piece) {
        if (kind == 0) {  // bytes that are no frame
            append(wire, piece);
            over = over || !piece.empty();
        } else if (kind == 1) {  // a frame with this content
            if (!piece.empty()) add_frame(to_bytes(piece));
        } else if (!piece.empty()) {  // a message with this code and payload, the longer the payload the larger
            Bytes payload;
            for (int i = 0; i < (kind == 2 ? 1 : 20); ++i) append(payload, piece.subspan(1));
            add_frame(testing::RawPeer::content(piece[0], snappy::compress(payload)));
        }
    }
    void add_frame(const Bytes& content) {
        append(wire, peer_.frame(content));
        if (!over) over = !model(content);
    }
    /// A second reading of the rules. False: this ends the connection.
    bool model(BytesView content) {
        rlp::Reader reader(content);
        const auto code = reader.uint(0xffffffff);
        if (!code || *code == kDisconnect) return false;
        if (*code < kBaseCodes) return true;
        const auto offset = *code - kBaseCodes;
        const auto& spec = offset < kChat.message_count ? kChat : kEcho;
        if (offset >= kChat.message_count + kEcho.message_count) return false;
        auto payload = snappy::decompress(reader.rest(), spec.max_message);
        if (!payload) return false;
        const auto own = &spec == &kChat ? offset : offset - kChat.message_count;
        if (&spec == &kEcho) return true;  // nobody reads these
        expected.push_back({static_cast<net::Code>(own), *std::move(payload)});
        return true;
    }

    testing::RawPeer peer_;
};

Task<void> drive(net::Connection& connection) {
    (void)co_await connection.run();
}
Task<void> drop_all(net::Stream& stream) {
    ByteArray<256> bytes;
    for (;;) {
        const auto count = co_await net::read_some(stream, bytes);
        if (!count || *count == 0) co_return;
    }
}
Task<void> feed(net::Stream& stream, const Bytes& wire) {
    (void)co_await net::write(stream, wire);
    (void)co_await stream.close_write();
}

/// Whatever the peer sends: the messages before the first offence arrive, no others, and the connection ends.
Task<Result<void>> session(sim::World& world, const Script& script, TaskGroup& group) {
    auto [ours, theirs] = sim::make_pipe(world, {.window = 4096, .max_read = 100});
    const auto secrets = testing::known_secrets().first;
    Established link;
    link.stream = std::move(ours);
    link.encoder = std::make_unique<FrameEncoder>(secrets);
    link.decoder = std::make_unique<FrameDecoder>(secrets, max_frame_content(kChat.max_message));
    link.snappy = true;
    link.capabilities = {{&kChat, kBaseCodes}, {&kEcho, kBaseCodes + kChat.message_count}};
    const auto connection = make_connection(world.env(), {.inbox_bytes = 64 * 1024}, std::move(link));
    const auto chat = (co_await connection->open(kChat, {})).value();
    group.spawn(drive(*connection));
    group.spawn(feed(*theirs, script.wire));
    group.spawn(drop_all(*theirs));
    std::size_t count = 0;
    for (;;) {
        const auto message = co_await chat->read();
        if (!message) break;
        SOTTO_FUZZ_CHECK(count < script.expected.size());
        SOTTO_FUZZ_CHECK(message->code == script.expected[count].code);
        SOTTO_FUZZ_CHECK(message->payload == script.expected[count].payload);
        ++count;
    }
    SOTTO_FUZZ_CHECK(count == script.expected.size());
    co_await group.wait_all();
    co_return Result<void>{};
}

}  // namespace

/// Bit 0 of the first byte: we are the recipient. Bit 1: the rest is a body that is sealed for us, not a packet.
SOTTO_FUZZ(rlpx_handshake) {
    if (input.empty() || input.size() > 4096) return;
    sim::World world;
    const auto remote = secp::public_key(secret_of(2));
    RlpxHandshake handshake(secret_of(1), (input[0] & 1) != 0 ? nullptr : &remote, world.random());
    SOTTO_FUZZ_CHECK(handshake.start());
    const auto packet = (input[0] & 2) != 0 ? sealed(input.subspan(1)) : to_bytes(input.subspan(1));
    BytesView rest(packet);
    while (!rest.empty() && !handshake.done()) {
        auto piece = rest.first(std::min<std::size_t>(rest.size(), 200));
        const auto before = piece.size();
        const auto answer = handshake.feed(piece);
        if (!answer) {
            SOTTO_FUZZ_CHECK(answer.error() == Errc::unauthentic);
            return;
        }
        rest = rest.subspan(before - piece.size());
        SOTTO_FUZZ_CHECK(piece.empty() || handshake.done());
    }
    if (handshake.done()) SOTTO_FUZZ_CHECK(secp::parse_point(handshake.remote()));
}

SOTTO_FUZZ(rlpx_session) {
    if (input.size() > 4096) return;
    const Script script(input);
    sim::World world;
    auto body = [&](TaskGroup& group) { return session(world, script, group); };
    SOTTO_FUZZ_CHECK(world.run(with_group(world.env(), 3, std::ref(body))));
}

SOTTO_FUZZ(devp2p_hello) {
    const auto hello = decode_hello(input);
    if (!hello) return;
    const auto again = decode_hello(encode_hello(*hello));
    SOTTO_FUZZ_CHECK(again);
    SOTTO_FUZZ_CHECK(again->version == hello->version && again->client == hello->client && again->id == hello->id);
    SOTTO_FUZZ_CHECK(again->capabilities == hello->capabilities && again->listen_port == hello->listen_port);
    const net::ProtocolSpec* ours[] = {&kChat, &kEcho};
    SOTTO_FUZZ_CHECK(share_capabilities(ours, hello->capabilities).size() <= 2);
}

SOTTO_FUZZ(devp2p_disconnect) {
    const auto reason = decode_disconnect(input);
    SOTTO_FUZZ_CHECK(decode_disconnect(encode_disconnect(reason)) == reason);
    SOTTO_FUZZ_CHECK(decode_disconnect(snappy::compress(encode_disconnect(reason))) == reason);
    SOTTO_FUZZ_CHECK(error_of(reason).blame() == Blame::transient);
}

}  // namespace sotto::devp2p
