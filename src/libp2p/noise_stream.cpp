// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "libp2p/noise_stream.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/byte_queue.hpp"
#include "base/this_executor.hpp"

namespace sotto::libp2p {
namespace {

constexpr std::size_t kLengthSize = 2;
constexpr std::size_t kTagSize = crypto::NoiseCipher::kTagSize;
constexpr std::size_t kFrameOverhead = kLengthSize + kTagSize;
constexpr std::size_t kMaxBatch = 4 * (kLengthSize + kMaxNoiseFrame);

Task<Result<void>> write_frame(net::Stream& raw, BytesView message) {
    ByteArray<kLengthSize> length;
    store_be(static_cast<std::uint16_t>(message.size()), length);
    const std::array<BytesView, 2> pieces{BytesView(length), message};
    co_return co_await raw.write(pieces);
}

Task<Result<Bytes>> read_frame(net::Stream& raw) {
    ByteArray<kLengthSize> length;
    SOTTO_CO_CHECK(co_await net::read_exact(raw, length));
    const std::size_t size = load_be<std::uint16_t>(length);
    if (size > kMaxNoiseHandshakeMessage) co_return fail(Errc::too_large, "noise: handshake message");
    Bytes message(size);
    SOTTO_CO_CHECK(co_await net::read_exact(raw, message));
    co_return message;
}

/// The whole frame at the start of `bytes`, without its length; nullopt when it is cut.
std::optional<BytesView> whole_frame(BytesView bytes) noexcept {
    if (bytes.size() < kLengthSize) return std::nullopt;
    const std::size_t size = load_be<std::uint16_t>(bytes);
    if (bytes.size() - kLengthSize < size) return std::nullopt;
    return bytes.subspan(kLengthSize, size);
}

/// Walks over the pieces of a write, one frame's worth at a time.
class Gather {
  public:
    explicit Gather(Buffers pieces) : pieces_(pieces), left_(total_size(pieces)) {}
    std::size_t left() const noexcept { return left_; }
    /// The next `count` bytes, count <= left(). Valid until the next call.
    Buffers take(std::size_t count) {
        taken_.clear();
        left_ -= count;
        while (count > 0) {
            const auto rest = pieces_.front().subspan(offset_);
            const auto part = rest.first(std::min(count, rest.size()));
            if (!part.empty()) taken_.push_back(part);
            count -= part.size();
            offset_ += part.size();
            if (part.size() == rest.size()) {
                pieces_ = pieces_.subspan(1);
                offset_ = 0;
            }
        }
        return taken_;
    }

  private:
    Buffers pieces_;
    std::size_t offset_ = 0;
    std::size_t left_;
    std::vector<BytesView> taken_;
};

struct State {
    Env env;
    std::unique_ptr<net::Stream> raw;
    crypto::NoiseCipher sender;
    crypto::NoiseCipher receiver;
    ByteQueue sealed{};  ///< whole and cut frames that the reader had no room for
    ByteQueue plain{};   ///< the rest of a frame larger than the reader's memory
    bool ended = false;  ///< the peer closed its side, between two frames
    std::optional<Error> failed{};

    void fail_session(Error why) noexcept {
        if (failed) return;
        failed.emplace(std::move(why));
        raw->reset(*failed);
    }

    struct Opened {
        std::size_t consumed = 0;  ///< of the wire
        std::size_t plain = 0;     ///< put into the reader's memory
    };
    /// Opens whole frames of `wire` while they fit into `into`; a first one that does not is opened into `plain`. What
    /// is wrong behind a good frame shows at the next call: no authentic byte is lost by how the network cuts.
    Result<Opened> open_frames(BytesView wire, BytesSpan into) {
        Opened done;
        while (const auto frame = whole_frame(wire.subspan(done.consumed))) {
            const auto count = open_frame(*frame, into.subspan(done.plain), done.plain == 0);
            if (!count && done.plain > 0) break;
            if (!count) return fail(count.error());
            done.consumed += kLengthSize + frame->size();
            done.plain += *count;
            if (!plain.empty()) break;
        }
        return done;
    }
    Result<std::size_t> open_frame(BytesView frame, BytesSpan room, bool may_keep) {
        if (frame.size() < kTagSize) return fail(Errc::malformed, "noise: frame shorter than its tag");
        const auto size = frame.size() - kTagSize;
        if (size <= room.size()) return receiver.open(frame, {}, room);
        if (!may_keep) return fail(Errc::would_block);
        Bytes large(size);
        SOTTO_TRY(const auto count, receiver.open(frame, {}, large));
        plain.append(BytesView(large).first(count));
        return plain.read(room);
    }
    /// What was kept first, then what the stream has. 0: only cut or empty frames came, or it ended.
    Result<std::size_t> open_some(BytesSpan into) {
        if (whole_frame(sealed.view())) {
            SOTTO_TRY(const auto opened, open_frames(sealed.view(), into));
            sealed.consume(opened.consumed);
            return opened.plain;
        }
        // The cut frame goes in front of what is read now; it is below 64 KiB, half of the scratch.
        const auto cut = sealed.size();
        const auto wire = BytesSpan(env.scratch->wire);
        SOTTO_TRY(const auto count, raw->try_read(wire.subspan(cut)));
        if (count == 0 && cut > 0) return fail(Errc::closed, "noise: the stream ended within a frame");
        ended = count == 0;
        std::ranges::copy(sealed.view(), wire.begin());
        sealed.clear();
        const BytesView all = wire.first(cut + count);
        SOTTO_TRY(const auto opened, open_frames(all, into));
        if (opened.consumed < all.size()) sealed.append(all.subspan(opened.consumed));
        return opened.plain;
    }
};

class NoiseStream final : public net::Stream {
  public:
    explicit NoiseStream(std::shared_ptr<State> state) : state_(std::move(state)) {}
    ~NoiseStream() override { state_->fail_session(Error(Errc::reset, "the stream was destroyed")); }

    Task<Result<void>> readable() override { return wait_readable(state_); }
    Result<std::size_t> try_read(BytesSpan into) noexcept override {
        auto& state = *state_;
        if (state.failed) return fail(*state.failed);
        if (!state.plain.empty()) return state.plain.read(into);
        auto count = state.open_some(into);
        if (count && *count == 0 && !state.ended) return fail(Errc::would_block);
        if (!count && count.error() != Errc::would_block) state.fail_session(count.error());
        return count;
    }
    Task<Result<void>> write(Buffers pieces) override { return write_all(state_, pieces); }
    Task<Result<void>> close_write() override { return close_raw(state_); }
    void reset(Error why) noexcept override { state_->fail_session(std::move(why)); }

  private:
    // Operations hold the shared state, never the stream: it may be destroyed while they wait.
    static Task<Result<void>> wait_readable(std::shared_ptr<State> state) {
        if (state->failed || !state->plain.empty() || whole_frame(state->sealed.view())) {
            co_await yield_now();
        } else {
            SOTTO_CO_CHECK(co_await state->raw->readable());
        }
        if (state->failed) co_return fail(*state->failed);
        co_return Result<void>{};
    }
    static Task<Result<void>> write_all(std::shared_ptr<State> state, Buffers pieces) {
        if (state->failed) co_return fail(*state->failed);
        // Frames are numbered: after a cancelled write the peer could open none of the next.
        struct Unfinished {
            State& session;
            bool finished = false;
            ~Unfinished() {
                if (!finished) session.fail_session(Error(Errc::shutdown, "noise: cancelled within a write"));
            }
        } guard{*state};
        Gather gather(pieces);
        const auto room = batch_size(gather.left());
        const auto batch = std::make_unique_for_overwrite<Byte[]>(room);  // zeros would be one more pass
        while (gather.left() > 0) {
            const auto size = seal_batch(*state, gather, BytesSpan(batch.get(), room));
            auto written = co_await net::write(*state->raw, BytesView(batch.get(), size));
            if (!written) {
                state->fail_session(written.error());
                co_return written;
            }
        }
        guard.finished = true;
        co_return Result<void>{};
    }
    static std::size_t batch_size(std::size_t plain) noexcept {
        const auto frames = (plain + kMaxNoisePlaintext - 1) / kMaxNoisePlaintext;
        return std::min(kMaxBatch, plain + frames * kFrameOverhead);
    }
    static std::size_t seal_batch(State& state, Gather& gather, BytesSpan batch) {
        std::size_t sealed = 0;
        while (gather.left() > 0 && batch.size() > sealed) {
            const auto plain = std::min(gather.left(), kMaxNoisePlaintext);
            const auto frame = batch.subspan(sealed, kFrameOverhead + plain);
            store_be(static_cast<std::uint16_t>(plain + kTagSize), frame.first(kLengthSize));
            state.sender.seal(gather.take(plain), {}, frame.subspan(kLengthSize));
            sealed += frame.size();
        }
        return sealed;
    }
    static Task<Result<void>> close_raw(std::shared_ptr<State> state) {
        if (state->failed) co_return fail(*state->failed);
        co_return co_await state->raw->close_write();
    }

    std::shared_ptr<State> state_;
};

}  // namespace

Task<Result<NoiseHandshake::Outcome>> run_noise_handshake(net::Stream& raw, NoiseHandshake handshake) {
    while (!handshake.done()) {
        if (handshake.wants_write()) {
            SOTTO_CO_TRY(const auto message, handshake.write());
            SOTTO_CO_CHECK(co_await write_frame(raw, message));
        } else {
            SOTTO_CO_TRY(const auto message, co_await read_frame(raw));
            SOTTO_CO_CHECK(handshake.read(message));
        }
    }
    co_return handshake.take_outcome();
}

std::unique_ptr<net::Stream> make_noise_stream(Env env,
                                               std::unique_ptr<net::Stream> raw,
                                               crypto::NoiseCipher send,
                                               crypto::NoiseCipher receive) {
    return std::make_unique<NoiseStream>(
        std::make_shared<State>(env, std::move(raw), std::move(send), std::move(receive)));
}

}  // namespace sotto::libp2p
