// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "libp2p/message_stream.hpp"

#include <algorithm>
#include <list>
#include <optional>
#include <utility>

#include "base/event.hpp"
#include "base/this_executor.hpp"
#include "libp2p/message_codec.hpp"

namespace sotto::libp2p {
namespace {

constexpr auto kStall = std::chrono::seconds(30);
constexpr auto kLinger = std::chrono::seconds(5);
constexpr std::size_t kChunk = 64 * 1024;  // what must move within kStall

struct State {
    State(Env e, std::unique_ptr<net::Stream> s, net::PeerIdentity p, std::size_t max)
        : env(e),
          stream(std::move(s)),
          peer(std::move(p)),
          max_message(max),
          reader(max),
          input(e.executor),
          drained(e.executor),
          output(e.executor) {}

    Env env;
    std::unique_ptr<net::Stream> stream;
    net::PeerIdentity peer;
    std::size_t max_message;

    MessageReader reader;
    Event input;    ///< the reader waits for it
    Event drained;  ///< the watcher waits for it: the reader has taken what there was
    std::optional<Error> read_end;

    Bytes outbox;
    std::size_t in_flight = 0;
    Event output;            ///< the writer waits for it
    std::list<Event> turns;  ///< tasks that wait for room, in the order they came
    std::optional<Error> write_end;
    bool closing = false;
    Timer linger;

    bool has_room(std::size_t bytes) const noexcept {
        const auto unsent = outbox.size() + in_flight;
        return unsent == 0 || unsent + bytes <= kMaxOutbox;
    }
    void wake_all() noexcept {
        input.notify();
        drained.notify();
        output.notify();
        for (auto& turn : turns) turn.notify();
    }
    void end_both(Error why) noexcept {
        if (!read_end) read_end = why;
        if (!write_end) write_end = std::move(why);
        wake_all();
    }
    /// The stream is of no more use. Why it really ended, it knows best: the first reason wins there.
    void fail_stream(Error why) noexcept {
        stream->reset(why);
        Byte unused = 0;
        const auto known = stream->try_read(BytesSpan(&unused, 1));
        end_both(known ? why : known.error());
    }
    void close(Error why) noexcept {
        closing = true;
        end_both(std::move(why));
    }

    Result<net::Message> next() {
        while (!read_end) {
            const auto count = stream->try_read(reader.want());
            if (!count && count.error() == Errc::would_block) return fail(count.error());
            if (!count) {
                fail_stream(count.error());
            } else if (*count == 0) {
                read_end.emplace(Errc::closed, reader.in_message() ? "the stream ended within a message" : "");
                drained.notify();
            } else {
                auto complete = reader.take(*count);
                if (!complete) {
                    fail_stream(std::move(complete).error());
                } else if (*complete) {
                    return reader.take_message();
                }
            }
        }
        return fail(*read_end);
    }
    /// Drops input until the peer ends its side. False: it did, or the stream failed.
    bool drop_input() noexcept {
        ByteArray<1024> dropped;
        for (;;) {
            const auto count = stream->try_read(dropped);
            if (!count) return count.error() == Errc::would_block;
            if (*count == 0) return false;
        }
    }
};

using Shared = std::shared_ptr<State>;

/// Whatever ends a task of the group, its stream does not outlive it unnoticed.
struct FailOnCancel {
    State& state;
    bool done = false;
    ~FailOnCancel() {
        if (!done) state.fail_stream(Error(Errc::shutdown, "the connection is gone"));
    }
};

Task<void> watch_input(Shared state) {
    FailOnCancel guard{*state};
    for (;;) {
        const auto ready = co_await state->stream->readable();
        if (state->closing && (!ready || !state->drop_input())) break;
        if (state->closing) continue;
        state->input.notify();
        co_await state->drained.wait();
        if (state->read_end && !state->closing) break;
    }
    state->linger.reset();
    guard.done = true;
}

Task<Result<void>> send(State& state, BytesView batch) {
    while (!batch.empty()) {
        const auto chunk = batch.first(std::min(kChunk, batch.size()));
        const auto stalled = state.env.clock->after(
            kStall, [&state] { state.stream->reset(Error(Errc::timed_out, "the peer takes no messages")); });
        SOTTO_CO_CHECK(co_await net::write(*state.stream, chunk));
        batch = batch.subspan(chunk.size());
    }
    co_return Result<void>{};
}

Task<void> send_output(Shared state) {
    FailOnCancel guard{*state};
    auto sent = Result<void>{};
    while (sent && !(state->write_end && state->outbox.empty())) {
        if (state->outbox.empty()) {
            co_await state->output.wait();
            continue;
        }
        const auto batch = std::exchange(state->outbox, {});
        state->in_flight = batch.size();
        sent = co_await send(*state, batch);
        state->in_flight = 0;
        if (!state->turns.empty()) state->turns.front().notify();
    }
    if (sent) sent = co_await state->stream->close_write();
    guard.done = true;
    if (!sent) {
        state->fail_stream(sent.error());
    } else {
        const auto give_up = [state = state.get()] { state->stream->reset(Error(Errc::timed_out, "closing")); };
        state->linger = state->env.clock->after(kLinger, give_up);
    }
}

class FramedStream final : public net::MessageStream {
  public:
    explicit FramedStream(Shared state) : state_(std::move(state)) {}
    ~FramedStream() override {
        if (!state_->closing) state_->fail_stream(Error(Errc::reset, "the stream was destroyed"));
    }

    const net::PeerIdentity& peer() const noexcept override { return state_->peer; }
    net::Network network() const noexcept override { return net::Network::libp2p; }
    Task<Result<net::Message>> read() override { return read(state_); }
    Result<net::Message> try_read() override { return state_->next(); }
    Task<Result<void>> write(net::Code code, Buffers payload) override { return write(state_, code, payload); }
    void close(Error why) noexcept override { state_->close(std::move(why)); }

  private:
    // Operations hold the shared state, never the stream: it may be destroyed while they wait.
    static Task<Result<net::Message>> read(Shared state) {
        co_await yield_now();
        for (;;) {
            auto message = state->next();
            if (message || message.error() != Errc::would_block) co_return message;
            state->drained.notify();
            co_await state->input.wait();
        }
    }
    static Task<Result<void>> write(Shared state, net::Code code, Buffers payload) {
        const auto size = total_size(payload);
        if (size > state->max_message) co_return fail(Errc::invalid_argument, "message above the protocol's limit");
        if (!state->turns.empty() || !state->has_room(size)) co_await wait_for_room(*state, size);
        if (state->write_end) co_return fail(*state->write_end);
        append_message(state->outbox, code, payload);
        state->output.notify();
        co_return Result<void>{};
    }
    static Task<void> wait_for_room(State& state, std::size_t size) {
        struct Turn {
            State& state;
            std::list<Event>::iterator place;
            explicit Turn(State& s) : state(s), place(s.turns.emplace(s.turns.end(), s.env.executor)) {}
            ~Turn() {
                state.turns.erase(place);
                if (!state.turns.empty()) state.turns.front().notify();
            }
        } turn{state};
        const auto mine = [&] { return turn.place == state.turns.begin() && state.has_room(size); };
        while (!state.write_end && !mine()) co_await turn.place->wait();
    }

    Shared state_;
};

}  // namespace

Result<std::unique_ptr<net::MessageStream>> make_message_stream(Env env,
                                                                TaskGroup& group,
                                                                std::unique_ptr<net::Stream> stream,
                                                                net::PeerIdentity peer,
                                                                const net::ProtocolSpec& spec) {
    auto state = std::make_shared<State>(env, std::move(stream), std::move(peer), spec.max_message);
    if (!group.spawn(watch_input(state)) || !group.spawn(send_output(state))) {
        state->fail_stream(Error(Errc::busy, "too many tasks on this connection"));
        return fail(Errc::busy, "too many tasks on this connection");
    }
    return std::make_unique<FramedStream>(std::move(state));
}

}  // namespace sotto::libp2p
