// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "devp2p/connection_state.hpp"

#include <algorithm>

#include "base/this_executor.hpp"
#include "codec/rlp.hpp"
#include "codec/snappy.hpp"
#include "devp2p/disconnect.hpp"

namespace sotto::devp2p {
namespace {

constexpr std::uint32_t kDisconnect = 0x01;
constexpr std::uint32_t kPing = 0x02;
constexpr std::uint32_t kPong = 0x03;
constexpr Byte kEmptyList[] = {0xc0};
constexpr std::size_t kMessageOverhead = 64;  ///< what a queued message costs besides its payload

}  // namespace

ConnectionState::ConnectionState(Env e, const ConnectionConfig& c, Established established)
    : env(e),
      config(c),
      link(std::move(established)),
      end_wake(e.executor),
      writer_gone(e.executor),
      snappy_(link.hello.version >= kBaseVersion),
      held_(std::move(link.leftover)),
      writer_wake_(e.executor),
      reader_wake_(e.executor),
      pong_(e.executor),
      last_read_(e.clock->now()) {
    for (const auto& capability : link.capabilities) {
        inboxes.push_back(std::make_unique<Inbox>(env.executor, capability, config.inbox_bytes));
    }
}

void ConnectionState::end(Error why, Goodbye goodbye) noexcept {
    if (ended) return;
    ended.emplace(std::move(why));
    if (goodbye == Goodbye::told) append_message(kDisconnect, encode_disconnect(reason_for(*ended)));
    for (const auto& inbox : inboxes) inbox->messages.close(*ended);
    goodbye_limit_ = env.clock->after(config.goodbye_limit, [this] { link.stream->reset(*ended); });
    writer_wake_.notify();
    reader_wake_.notify();
    pong_.notify();
    end_wake.notify();
    wake_senders();
}

// --- receiving -------------------------------------------------------------------------------------------------------

bool ConnectionState::paused() const noexcept {
    return std::ranges::any_of(inboxes,
                               [&](const auto& inbox) { return inbox->messages.bytes() >= config.inbox_bytes; });
}

void ConnectionState::inbox_drained() noexcept {
    if (reader_wake_.has_waiter() && !paused()) reader_wake_.notify();
}

Task<void> ConnectionState::read() {
    auto taken = consume({});  // what came with their Hello
    while (!ended) {
        if (!taken && taken.error() != Errc::would_block) {
            const bool told = taken.error().blame() == Blame::peer;
            end(std::move(taken).error(), told ? Goodbye::told : Goodbye::silent);
            break;
        }
        if (paused()) {
            co_await reader_wake_.wait();
            taken = consume({});
            continue;
        }
        if (taken) {
            co_await yield_now();
        } else {
            const auto ready = co_await link.stream->readable();
            if (!ready) end(ready.error(), Goodbye::silent);
        }
        if (!ended) taken = take_input();
    }
}

Result<void> ConnectionState::take_input() {
    auto& scratch = env.scratch->wire;
    SOTTO_TRY(const auto count, link.stream->try_read(scratch));
    if (count == 0) return fail(Errc::closed, "the peer closed the connection");
    last_read_ = env.clock->now();
    return consume(BytesSpan(scratch).first(count));
}

/// Decodes whole frames, in place where it can, and keeps the rest.
Result<void> ConnectionState::consume(BytesSpan input) {
    const bool had_rest = !held_.empty();
    if (had_rest) append(held_, input);
    const auto all = had_rest ? BytesSpan(held_) : input;
    auto left = all;
    while (!ended && !paused() && left.size() >= link.decoder->needed()) {
        const auto chunk = left.first(link.decoder->needed());
        left = left.subspan(chunk.size());
        SOTTO_TRY(const auto content, link.decoder->take(chunk));
        if (content) SOTTO_CHECK(on_frame(*content));
    }
    if (left.empty()) {
        Bytes().swap(held_);
    } else if (!had_rest) {
        held_.assign(left.begin(), left.end());
    } else if (left.size() < all.size()) {
        // Only when a frame was taken: a peer that sends a large one byte by byte must not make us copy it each time.
        held_.erase(held_.begin(), held_.end() - static_cast<std::ptrdiff_t>(left.size()));
    }
    return {};
}

Result<void> ConnectionState::on_frame(BytesView content) {
    rlp::Reader reader(content);
    SOTTO_TRY(const auto code, reader.uint(~std::uint32_t{0}));
    const auto id = static_cast<std::uint32_t>(code);
    return id < kBaseCodes ? on_base_message(id, reader.rest()) : on_message(id, reader.rest());
}

Result<void> ConnectionState::on_base_message(std::uint32_t code, BytesView payload) {
    switch (code) {
        case kDisconnect:
            end(error_of(decode_disconnect(payload)), Goodbye::silent);
            break;
        case kPing:
            pong_due_ = true;
            writer_wake_.notify();
            break;
        case kPong:
            ++pongs_;
            pong_.notify();
            break;
        default:
            break;  // unknown base messages are for later versions
    }
    return {};
}

Result<void> ConnectionState::on_message(std::uint32_t code, BytesView payload) {
    const auto inbox = std::ranges::find_if(inboxes, [&](const auto& i) { return i->capability.contains(code); });
    if (inbox == inboxes.end()) return fail(Errc::malformed, "a message code that no capability has");
    const auto& capability = (*inbox)->capability;
    net::Message message;
    message.code = code - capability.offset;
    if (snappy_) {
        SOTTO_TRY(message.payload, snappy::decompress(payload, capability.spec->max_message));
    } else if (payload.size() > capability.spec->max_message) {
        return fail(Errc::too_large, "a message above its protocol's limit");
    } else {
        message.payload = to_bytes(payload);
    }
    // The queue takes one message above its limit, then reading pauses until it is drained.
    const auto bytes = message.payload.size() + kMessageOverhead;
    (*inbox)->messages.force_push(std::move(message), bytes);
    return {};
}

// --- sending ---------------------------------------------------------------------------------------------------------

void ConnectionState::append_message(std::uint32_t code, BytesView payload) {
    const auto id = rlp::encode_uint(code);
    const auto packed = snappy_ ? snappy::compress(payload) : Bytes();
    const BytesView content[] = {id, snappy_ ? BytesView(packed) : payload};
    link.encoder->append_frame(outbox_, content);
    writer_wake_.notify();
}

void ConnectionState::append_pong() {
    pong_due_ = false;
    append_message(kPong, kEmptyList);
}

void ConnectionState::wake_senders() noexcept {
    for (auto* event : waiting_senders_) event->notify();
}

Task<Result<void>> ConnectionState::send(std::shared_ptr<ConnectionState> self, std::uint32_t code, Bytes payload) {
    if (self->outbox_.size() >= self->config.outbox_bytes && !self->ended) {
        Event room(self->env.executor);
        const auto place = self->waiting_senders_.insert(self->waiting_senders_.end(), &room);
        struct Leave {
            ConnectionState& state;
            std::list<Event*>::iterator place;
            ~Leave() { state.waiting_senders_.erase(place); }
        } leave{*self, place};
        while (self->outbox_.size() >= self->config.outbox_bytes && !self->ended) co_await room.wait();
    }
    if (self->ended) co_return fail(*self->ended);
    self->append_message(code, payload);
    co_return Result<void>{};
}

Task<void> ConnectionState::write() {
    Bytes batch;
    for (;;) {
        if (pong_due_ && !ended) append_pong();
        if (outbox_.empty()) {
            if (ended) break;
            Bytes().swap(batch);  // idle means no buffer
            co_await writer_wake_.wait();
            continue;
        }
        batch.clear();
        batch.swap(outbox_);
        wake_senders();
        const auto stalled = env.clock->after(
            config.write_stall, [this] { link.stream->reset(Error(Errc::timed_out, "the peer takes no data")); });
        const auto written = co_await net::write(*link.stream, batch);
        if (!written) {
            end(written.error(), Goodbye::silent);
            break;
        }
    }
    writer_done = true;
    link.stream->reset(*ended);
    writer_gone.notify();
}

Task<void> ConnectionState::keep_alive() {
    while (!ended) {
        co_await sleep_for(*env.clock, config.ping_interval);
        if (ended) co_return;
        if (env.clock->now() - last_read_ > config.read_timeout) {
            end(Error(Errc::timed_out, "nothing came from the peer for 30 s"));
            co_return;
        }
        append_message(kPing, kEmptyList);
    }
}

Task<Result<Duration>> ConnectionState::ping(std::shared_ptr<ConnectionState> self, Deadline deadline) {
    if (self->ended) co_return fail(*self->ended);
    if (self->pong_.has_waiter()) co_return fail(Errc::busy, "a ping is under way");
    const auto start = self->env.clock->now();
    const auto before = self->pongs_;
    self->append_message(kPing, kEmptyList);
    const auto limit = self->env.clock->after(deadline.left(*self->env.clock), [&self] { self->pong_.notify(); });
    while (self->pongs_ == before && !self->ended && self->env.clock->now() < deadline.at) co_await self->pong_.wait();
    if (self->pongs_ != before) co_return self->env.clock->now() - start;
    if (self->ended) co_return fail(*self->ended);
    co_return fail(Errc::timed_out, "no answer to a ping");
}

}  // namespace sotto::devp2p
