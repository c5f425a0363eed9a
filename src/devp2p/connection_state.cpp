// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "devp2p/connection_state.hpp"

#include <algorithm>

#include "codec/rlp.hpp"
#include "codec/snappy.hpp"
#include "devp2p/disconnect.hpp"

namespace sotto::devp2p {
namespace {

constexpr std::size_t kMessageOverhead = 64;  ///< what a queued message costs besides its payload
constexpr std::size_t kReadSize = 64 * 1024;  ///< decoded between two turns of the loop
constexpr std::size_t kShortTail = 4096;
constexpr std::size_t kLife = 8 * 1024;  ///< of an unfinished frame
static_assert(kReadSize + kShortTail <= Scratch::kSize);

}  // namespace

ConnectionState::ConnectionState(Env e, const ConnectionConfig& c, Established established)
    : env(e),
      config(c),
      link(std::move(established)),
      end_wake(e.executor),
      writer_gone(e.executor),
      held_(std::move(link.leftover)),
      writer_wake_(e.executor),
      reader_wake_(e.executor),
      pong_(e.executor),
      last_life_(e.clock->now()) {
    for (const auto& capability : link.capabilities) {
        inboxes.push_back(std::make_unique<Inbox>(env.executor, capability, config.inbox_bytes));
    }
}

void ConnectionState::end(Error why, Goodbye goodbye) noexcept {
    if (ended) return;
    ended.emplace(std::move(why));
    if (goodbye == Goodbye::told) {
        append_message(kDisconnect, encode_disconnect(reason_for(*ended)));
        goodbye_limit_ = env.clock->after(config.goodbye_limit, [this] { link.stream->reset(*ended); });
    } else {
        Bytes().swap(outbox_);
        link.stream->reset(*ended);
    }
    for (const auto& inbox : inboxes) inbox->messages.close(*ended);
    for (auto& turn : turns_) turn.notify();
    for (auto* event : {&writer_wake_, &reader_wake_, &pong_, &end_wake}) event->notify();
}

bool ConnectionState::paused() const noexcept {
    return std::ranges::any_of(inboxes,
                               [&](const auto& inbox) { return inbox->messages.bytes() >= config.inbox_bytes; });
}

void ConnectionState::inbox_drained() noexcept {
    if (reader_wake_.has_waiter() && !paused()) reader_wake_.notify();
}

Task<void> ConnectionState::read() {
    auto taken = take_held();  // what came with their Hello
    while (taken && !ended) {
        if (paused()) {
            co_await reader_wake_.wait();
            last_life_ = env.clock->now();
            taken = take_held();
        } else {
            taken = co_await link.stream->readable();
            if (taken && !ended) taken = take_input();
        }
    }
    if (!taken) {
        const bool told = taken.error().blame() == Blame::peer;
        end(std::move(taken).error(), told ? Goodbye::told : Goodbye::silent);
    }
    co_await drain();
}

/// A socket closed with input unread is reset, and a reset may overtake our Disconnect: so the peer closes first, or
/// the goodbye's time is over.
Task<void> ConnectionState::drain() {
    for (;;) {
        const auto count = link.stream->try_read(env.scratch->wire);
        if (count && *count == 0) co_return;
        if (!count && count.error() != Errc::would_block) co_return;
        if (!co_await link.stream->readable()) co_return;
    }
}

Result<void> ConnectionState::take_input() {
    // A short tail goes in front of what comes, so that whole frames are decoded where they lie.
    auto& scratch = env.scratch->wire;
    const auto tail = held_.size() <= kShortTail ? held_.size() : 0;
    std::ranges::copy(BytesView(held_).first(tail), scratch.begin());
    const auto count = link.stream->try_read(BytesSpan(scratch).subspan(tail, kReadSize));
    if (!count && count.error() == Errc::would_block) return {};
    if (!count) return fail(count.error());
    if (*count == 0) return fail(Errc::closed, "the peer closed the connection");
    const auto held_before = held_.size();
    if (tail < held_before) {
        append(held_, BytesView(scratch).first(*count));
        SOTTO_CHECK(take_held());
    } else {
        SOTTO_TRY(const auto left, decode(BytesSpan(scratch).first(tail + *count)));
        Bytes(left.begin(), left.end()).swap(held_);
    }
    note_life(*count, held_.size() < held_before + *count);
    return {};
}

/// A peer that dribbles the bytes of one frame is not alive.
void ConnectionState::note_life(std::size_t count, bool took_frame) noexcept {
    unfinished_ += count;
    if (!took_frame && unfinished_ < kLife) return;
    unfinished_ = 0;
    last_life_ = env.clock->now();
}

Result<void> ConnectionState::take_held() {
    SOTTO_TRY(const auto left, decode(held_));
    // Only when something was taken: a large frame that comes byte by byte is not to be copied for each.
    if (left.size() < held_.size()) Bytes(left.begin(), left.end()).swap(held_);
    return {};
}

/// Takes whole frames, decrypted in place, until it runs out of them or must pause. Returns the rest.
Result<BytesSpan> ConnectionState::decode(BytesSpan input) {
    while (!ended && !paused() && input.size() >= link.decoder->needed()) {
        const auto chunk = input.first(link.decoder->needed());
        input = input.subspan(chunk.size());
        SOTTO_TRY(const auto content, link.decoder->take(chunk));
        if (content) SOTTO_CHECK(on_frame(*content));
    }
    return input;
}

Result<void> ConnectionState::on_frame(BytesView content) {
    rlp::Reader reader(content);
    SOTTO_TRY(const auto code, reader.uint(~std::uint32_t{0}));
    const auto id = static_cast<std::uint32_t>(code);
    if (id >= kBaseCodes) return on_message(id, reader.rest());
    on_base_message(id, reader.rest());
    return {};
}

void ConnectionState::on_base_message(std::uint32_t code, BytesView payload) {
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
}

Result<void> ConnectionState::on_message(std::uint32_t code, BytesView payload) {
    const auto inbox = std::ranges::find_if(inboxes, [&](const auto& i) { return i->capability.contains(code); });
    if (inbox == inboxes.end()) return fail(Errc::malformed, "a message code that no capability has");
    const auto& capability = (*inbox)->capability;
    net::Message message;
    message.code = code - capability.offset;
    if (link.snappy) {
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

}  // namespace sotto::devp2p
