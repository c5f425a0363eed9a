// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <algorithm>

#include "codec/rlp.hpp"
#include "codec/snappy.hpp"
#include "devp2p/connection_state.hpp"

namespace sotto::devp2p {
namespace {

constexpr std::size_t kPiece = 64 * 1024;
constexpr Byte kEmptyList[] = {0xc0};  // some clients refuse any other body of Ping and Pong

Bytes join(Buffers pieces) {
    Bytes all;
    all.reserve(total_size(pieces));
    for (const auto& piece : pieces) append(all, piece);
    return all;
}

}  // namespace

void ConnectionState::append_message(std::uint32_t code, BytesView payload) {
    const auto id = rlp::encode_uint(code);
    const auto packed = link.snappy ? snappy::compress(payload) : Bytes();
    const BytesView content[] = {id, link.snappy ? BytesView(packed) : payload};
    link.encoder->append_frame(outbox_, content);
    writer_wake_.notify();
}

bool ConnectionState::has_room(std::size_t bytes) const noexcept {
    const auto unsent = outbox_.size() + unsent_;
    return unsent == 0 || unsent + bytes <= config.outbox_bytes;
}

Task<void> ConnectionState::wait_for_room(std::size_t bytes) {
    struct Turn {
        ConnectionState& state;
        std::list<Event>::iterator place;
        explicit Turn(ConnectionState& s) : state(s), place(s.turns_.emplace(s.turns_.end(), s.env.executor)) {}
        ~Turn() {
            state.turns_.erase(place);
            if (!state.turns_.empty()) state.turns_.front().notify();
        }
    } turn{*this};
    const auto mine = [&] { return turn.place == turns_.begin() && has_room(bytes); };
    while (!ended && !mine()) co_await turn.place->wait();
}

Task<Result<void>> ConnectionState::send(std::uint32_t code, Buffers payload) {
    const auto size = total_size(payload);
    if (!turns_.empty() || !has_room(size)) co_await wait_for_room(size);
    if (ended) co_return fail(*ended);
    if (payload.size() == 1) {
        append_message(code, payload[0]);
    } else {
        append_message(code, join(payload));
    }
    co_return Result<void>{};
}

Task<void> ConnectionState::write() {
    Bytes batch;
    while (!ended || !outbox_.empty()) {
        if (std::exchange(pong_due_, false) && !ended) append_message(kPong, kEmptyList);
        if (outbox_.empty()) {
            Bytes().swap(batch);  // idle means no buffer
            co_await writer_wake_.wait();
            continue;
        }
        batch.clear();
        batch.swap(outbox_);
        const auto written = co_await write_batch(batch);
        if (!written) end(written.error(), Goodbye::silent);
    }
    (void)co_await link.stream->close_write();
    writer_done = true;
    writer_gone.notify();
}

/// In pieces: a slow peer has to take each of them in time, not all.
Task<Result<void>> ConnectionState::write_batch(BytesView batch) {
    for (unsent_ = batch.size(); unsent_ > 0;) {
        const auto stalled = env.clock->after(
            config.write_stall, [this] { link.stream->reset(Error(Errc::timed_out, "the peer takes no data")); });
        const auto piece = batch.last(unsent_).first(std::min(unsent_, kPiece));
        SOTTO_CO_CHECK(co_await net::write(*link.stream, piece));
        unsent_ -= piece.size();
        if (!turns_.empty()) turns_.front().notify();
    }
    co_return Result<void>{};
}

/// A peer that we do not read because its messages wait for their protocol is not silent.
Task<void> ConnectionState::keep_alive() {
    auto next_ping = env.clock->now() + config.ping_interval;
    while (!ended) {
        if (paused()) last_life_ = env.clock->now();
        const auto dead = last_life_ + config.read_timeout;
        co_await sleep_for(*env.clock, std::min(next_ping, dead) - env.clock->now());
        if (ended) co_return;
        const auto now = env.clock->now();
        if (!paused() && now - last_life_ >= config.read_timeout) {
            end(Error(Errc::timed_out, "nothing came from the peer for too long"));
        } else if (now >= next_ping) {
            append_message(kPing, kEmptyList);
            next_ping = now + config.ping_interval;
        }
    }
}

Task<Result<Duration>> ConnectionState::ping(Deadline deadline) {
    if (ended) co_return fail(*ended);
    if (pong_.has_waiter()) co_return fail(Errc::busy, "a ping is under way");
    const auto start = env.clock->now();
    const auto before = pongs_;
    append_message(kPing, kEmptyList);
    const auto limit = env.clock->after(deadline.left(*env.clock), [this] { pong_.notify(); });
    while (pongs_ == before && !ended && env.clock->now() < deadline.at) co_await pong_.wait();
    if (pongs_ != before) co_return env.clock->now() - start;
    if (ended) co_return fail(*ended);
    co_return fail(Errc::timed_out, "no answer to a ping");
}

}  // namespace sotto::devp2p
