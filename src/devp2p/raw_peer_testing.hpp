// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <optional>
#include <utility>

#include "codec/rlp.hpp"
#include "codec/snappy.hpp"
#include "devp2p/capabilities.hpp"
#include "devp2p/rlpx_frame.hpp"
#include "net/stream.hpp"

namespace sotto::devp2p::testing {

/// The secrets of two ends that need no handshake.
inline std::pair<RlpxSecrets, RlpxSecrets> known_secrets() {
    RlpxSecrets left{};
    left.aes.fill(1);
    left.mac.fill(2);
    left.egress.update(view_of("to the right"));
    left.ingress.update(view_of("to the left"));
    RlpxSecrets right = left;
    std::swap(right.egress, right.ingress);
    return {left, right};
}

/// A peer behind the handshake whose frames the test decides.
class RawPeer {
  public:
    RawPeer(std::unique_ptr<net::Stream> stream, const RlpxSecrets& secrets)
        : stream_(std::move(stream)), encoder_(secrets), decoder_(secrets, kMaxFrameContent) {}

    /// Shakes hands as an initiator.
    static Task<std::unique_ptr<RawPeer>> dial(RandomSource& random,
                                               std::unique_ptr<net::Stream> stream,
                                               const Secret& identity,
                                               const Point& remote) {
        RlpxHandshake handshake(identity, &remote, random);
        (void)co_await net::write(*stream, *handshake.start());
        while (!handshake.done()) {
            Byte byte = 0;
            if (!co_await net::read_exact(*stream, BytesSpan(&byte, 1))) co_return nullptr;
            BytesView in(&byte, 1);
            if (!handshake.feed(in)) co_return nullptr;
        }
        co_return std::make_unique<RawPeer>(std::move(stream), handshake.secrets());
    }

    net::Stream& stream() noexcept { return *stream_; }
    static Bytes content(std::uint32_t code, BytesView payload) {
        Bytes all = rlp::encode_uint(code);
        append(all, payload);
        return all;
    }
    Bytes frame(BytesView content) {
        Bytes out;
        const BytesView pieces[] = {content};
        encoder_.append_frame(out, pieces);
        return out;
    }
    Task<Result<void>> send(std::uint32_t code, Bytes payload) {
        const auto bytes = frame(content(code, payload));
        co_return co_await net::write(*stream_, bytes);
    }
    Task<Result<void>> send_compressed(std::uint32_t code, Bytes payload) {
        co_return co_await send(code, snappy::compress(payload));
    }

    struct Received {
        std::uint32_t code = 0;
        Bytes payload;  ///< as it came
    };
    Task<Result<Received>> receive() {
        for (;;) {
            Bytes chunk(decoder_.needed());
            SOTTO_CO_CHECK(co_await net::read_exact(*stream_, chunk));
            SOTTO_CO_TRY(const auto content, decoder_.take(chunk));
            if (!content) continue;
            rlp::Reader reader(*content);
            SOTTO_CO_TRY(const auto code, reader.uint());
            co_return Received{static_cast<std::uint32_t>(code), to_bytes(reader.rest())};
        }
    }
    /// The next message of this code; what comes before is dropped.
    Task<Result<Received>> receive(std::uint32_t code) {
        for (;;) {
            SOTTO_CO_TRY(auto received, co_await receive());
            if (received.code == code) co_return received;
        }
    }

  private:
    std::unique_ptr<net::Stream> stream_;
    FrameEncoder encoder_;
    FrameDecoder decoder_;
};

}  // namespace sotto::devp2p::testing
