// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "libp2p/lazy_stream.hpp"

#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "base/event.hpp"
#include "libp2p/multistream.hpp"

namespace sotto::libp2p {

struct LazyStream::State {
    State(Env e, std::unique_ptr<net::Stream> r, std::string p)
        : env(e), raw(std::move(r)), protocol(std::move(p)), flushed(env.executor) {
        multistream::append_token(proposal, multistream::kHeader);
        multistream::append_token(proposal, protocol);
    }

    Env env;
    std::unique_ptr<net::Stream> raw;
    std::string protocol;
    Bytes proposal;  ///< empty once a task has begun to send it
    bool flushing = false;
    Event flushed;  ///< the reader has sent the proposal; the writer waits for that
    std::unique_ptr<multistream::TokenReader> echo = std::make_unique<multistream::TokenReader>();  ///< null: verified
    bool header_seen = false;
    Timer limit;

    Result<void> on_token(std::string_view token) {
        if (!std::exchange(header_seen, true)) {
            if (token != multistream::kHeader) return fail(Errc::unsupported, "not multistream-select 1.0.0");
            return {};
        }
        if (token == multistream::kRefusal) return fail(Errc::unsupported, "the peer does not speak " + protocol);
        if (token != protocol) return fail(Errc::malformed, "multistream: another protocol was agreed to");
        echo.reset();
        limit.reset();
        return {};
    }
    Result<void> verify() {
        while (echo) {
            SOTTO_TRY(const auto count, raw->try_read(echo->want()));
            if (count == 0) return fail(Errc::closed, "the stream ended during its negotiation");
            SOTTO_TRY(const bool complete, echo->take(count));
            if (complete) SOTTO_CHECK(on_token(echo->text()));
        }
        return {};
    }
    Task<Result<void>> flush() {
        struct Flushing {
            State& state;
            bool done = false;
            explicit Flushing(State& s) : state(s) { state.flushing = true; }
            ~Flushing() {
                if (!done) state.raw->reset(Error(Errc::shutdown, "cancelled within the proposal"));
                state.flushing = false;
                state.flushed.notify();
            }
        } running(*this);
        const auto bytes = std::exchange(proposal, {});
        auto sent = co_await net::write(*raw, bytes);
        running.done = true;
        co_return sent;
    }
    /// Waits for the proposal that the reader is sending: one write at a time.
    Task<void> wait_flushed() {
        while (flushing) co_await flushed.wait();
    }

    // Operations hold the state, never the stream: it may be destroyed while they wait.
    static Task<Result<void>> readable(std::shared_ptr<State> state) {
        if (!state->proposal.empty()) SOTTO_CO_CHECK(co_await state->flush());
        co_return co_await state->raw->readable();
    }
    static Task<Result<void>> write(std::shared_ptr<State> state, Buffers pieces) {
        co_await state->wait_flushed();
        if (state->proposal.empty()) co_return co_await state->raw->write(pieces);
        const auto proposal = std::exchange(state->proposal, {});
        std::vector<BytesView> all{proposal};
        all.insert(all.end(), pieces.begin(), pieces.end());
        co_return co_await state->raw->write(all);
    }
    static Task<Result<void>> close_write(std::shared_ptr<State> state) {
        co_await state->wait_flushed();
        if (!state->proposal.empty()) SOTTO_CO_CHECK(co_await state->flush());
        co_return co_await state->raw->close_write();
    }
};

LazyStream::LazyStream(Env env, std::unique_ptr<net::Stream> raw, std::string protocol_id, Deadline deadline)
    : state_(std::make_shared<State>(env, std::move(raw), std::move(protocol_id))) {
    auto expire = [state = state_.get()] {
        state->raw->reset(Error(Errc::timed_out, "no answer to the proposal of " + state->protocol));
    };
    state_->limit = env.clock->after(deadline.left(*env.clock), std::move(expire));
}

LazyStream::~LazyStream() {
    if (state_->raw) reset(Error(Errc::reset, "the stream was destroyed"));
}

Task<Result<void>> LazyStream::readable() {
    return State::readable(state_);
}

Result<std::size_t> LazyStream::try_read(BytesSpan into) noexcept {
    if (state_->echo) {
        if (auto verified = state_->verify(); !verified) {
            if (verified.error() != Errc::would_block) state_->raw->reset(verified.error());
            return fail(std::move(verified).error());
        }
    }
    return state_->raw->try_read(into);
}

Task<Result<void>> LazyStream::write(Buffers pieces) {
    return State::write(state_, pieces);
}

Task<Result<void>> LazyStream::close_write() {
    return State::close_write(state_);
}

void LazyStream::reset(Error why) noexcept {
    state_->limit.reset();
    state_->raw->reset(std::move(why));
}

std::unique_ptr<net::Stream> LazyStream::release() noexcept {
    SOTTO_ASSERT(!state_->echo, "a stream is released before its negotiation is verified");
    return std::move(state_->raw);
}

}  // namespace sotto::libp2p
