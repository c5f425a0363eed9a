// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "libp2p/yamux.hpp"

#include <utility>

#include "base/assert.hpp"
#include "base/event.hpp"
#include "base/task_group.hpp"
#include "base/this_executor.hpp"

namespace sotto::libp2p {
namespace {

class DrivenStream final : public yamux::StreamState {
  public:
    explicit DrivenStream(const Executor& executor) : readable(executor), writable(executor) {}
    void on_readable() noexcept override { readable.notify(); }
    void on_writable() noexcept override { writable.notify(); }

    Event readable;
    Event writable;
};

std::shared_ptr<DrivenStream> driven(const std::shared_ptr<yamux::StreamState>& state) {
    return std::static_pointer_cast<DrivenStream>(state);
}

std::uint32_t go_away_code(const Error& why) noexcept {
    switch (why.blame()) {
        case Blame::peer:
            return 1;
        case Blame::bug:
            return 2;
        default:
            return 0;
    }
}

}  // namespace

struct Yamux::Session {
    Session(Env e, std::unique_ptr<net::Stream> s, net::Role role, const YamuxConfig& c)
        : env(e),
          secure(std::move(s)),
          config(c),
          core(role, c.core, [executor = e.executor] { return std::make_shared<DrivenStream>(executor); }),
          writer_wake(e.executor),
          reader_wake(e.executor),
          accept_wake(e.executor),
          pong(e.executor) {}

    Env env;
    std::unique_ptr<net::Stream> secure;
    YamuxConfig config;
    yamux::Core core;
    Event writer_wake;  ///< something to send
    Event reader_wake;  ///< the replies were sent
    Event accept_wake;
    Event pong;
    std::uint32_t last_ping = 0;
    std::uint32_t last_pong = 0;
    TimePoint last_ping_at;
    Timer goodbye_limit;
    std::optional<Error> ended;
    bool writer_done = false;

    void wake_writer() {
        if (!ended && core.wants_write()) writer_wake.notify();
    }
    void end(Error why) noexcept {
        if (ended) return;
        ended.emplace(std::move(why));
        core.fail_all(*ended);
        core.send_go_away(go_away_code(*ended));
        goodbye_limit = env.clock->after(config.goodbye_limit, [this] { secure->reset(*ended); });
        writer_wake.notify();
        reader_wake.notify();
        accept_wake.notify();
        pong.notify();
    }

    Result<void> take_input() {
        auto& scratch = env.scratch->plain;
        const auto count = secure->try_read(scratch);
        if (!count) return fail(count.error());
        if (*count == 0) return fail(Errc::closed, "the peer closed the connection");
        auto fed = core.feed(BytesView(scratch).first(*count), env.clock->now());
        if (core.backlog() > 0) accept_wake.notify();
        if (const auto value = core.take_pong()) on_pong(*value);
        wake_writer();
        return fed;
    }
    Task<void> read() {
        while (!ended) {
            auto taken = take_input();
            if (taken) {
                co_await yield_now();
            } else if (taken.error() == Errc::would_block) {
                taken = co_await secure->readable();
            }
            if (!taken) end(std::move(taken).error());
            while (!ended && core.congested()) co_await reader_wake.wait();
        }
    }
    Task<void> write() {
        Bytes batch;
        for (;;) {
            if (core.fill(batch)) {
                const auto stalled = env.clock->after(
                    config.write_stall, [this] { secure->reset(Error(Errc::timed_out, "the peer takes no data")); });
                const auto written = co_await net::write(*secure, batch);
                if (!written) {
                    end(written.error());
                    break;
                }
                if (reader_wake.has_waiter()) reader_wake.notify();
                batch.clear();
                continue;
            }
            if (ended) break;
            Bytes().swap(batch);  // idle means no buffer
            co_await writer_wake.wait();
        }
        writer_done = true;
        secure->reset(*ended);
        reader_wake.notify();
    }
    Task<void> keep_alive() {
        unsigned unanswered = 0;
        co_await sleep_for(*env.clock, config.keepalive);
        while (!ended) {
            const auto value = send_ping();
            co_await sleep_for(*env.clock, config.keepalive);
            unanswered = answered(value) ? 0 : unanswered + 1;
            if (unanswered >= config.unanswered_pings) end(Error(Errc::timed_out, "no answer to yamux pings"));
        }
    }
    std::uint32_t send_ping() {
        core.send_ping(++last_ping);
        last_ping_at = env.clock->now();
        wake_writer();
        return last_ping;
    }
    void on_pong(std::uint32_t value) {
        if (value == last_ping) core.set_rtt(env.clock->now() - last_ping_at);
        last_pong = value;
        pong.notify();
    }
    /// Serial numbers wrap: compare by distance.
    bool answered(std::uint32_t value) const noexcept { return static_cast<std::int32_t>(last_pong - value) >= 0; }
};

namespace {

class YamuxStream final : public net::Stream {
  public:
    struct Link {
        std::shared_ptr<void> keep;
        yamux::Core* core;
        Clock* clock;
        Event* writer_wake;
        const std::optional<Error>* ended;

        void queue(const std::shared_ptr<yamux::StreamState>& state) const {
            core->queue(state);
            wake();
        }
        void wake() const {
            if (!*ended && core->wants_write()) writer_wake->notify();
        }
    };

    YamuxStream(Link link, std::shared_ptr<DrivenStream> state) : link_(std::move(link)), state_(std::move(state)) {}
    ~YamuxStream() override {
        link_.core->release(state_);
        link_.wake();
    }

    Task<Result<void>> readable() override { return wait_readable(state_); }
    Result<std::size_t> try_read(BytesSpan into) noexcept override {
        if (state_->error) return fail(*state_->error);
        if (state_->inbox.empty()) {
            if (state_->remote_finished) return std::size_t{0};
            return fail(Errc::would_block);
        }
        const auto count = state_->inbox.read(into);
        link_.core->read_done(*state_, count, link_.clock->now());
        link_.wake();
        return count;
    }
    Task<Result<void>> write(Buffers pieces) override { return write_all(link_, state_, pieces); }
    Task<Result<void>> close_write() override { return finish(link_, state_); }
    void reset(Error why) noexcept override {
        link_.core->reset(state_, std::move(why));
        link_.wake();
    }

  private:
    // Operations hold the shared state, never the stream: it may be destroyed while they wait.
    static Task<Result<void>> wait_readable(std::shared_ptr<DrivenStream> state) {
        const auto ready = [&state] { return state->error || !state->inbox.empty() || state->remote_finished; };
        if (ready()) co_await yield_now();
        while (!ready()) co_await state->readable.wait();
        if (state->error) co_return fail(*state->error);
        co_return Result<void>{};
    }
    static Task<Result<void>> write_all(Link link, std::shared_ptr<DrivenStream> state, Buffers pieces) {
        if (state->error) co_return fail(*state->error);
        SOTTO_ASSERT(state->outgoing.empty() && !state->finish_wanted, "two writes at once, or one behind the end");
        // Cancelled or not, the caller's memory is given back when the frame goes.
        struct Borrow {
            DrivenStream& stream;
            ~Borrow() { std::vector<BytesView>().swap(stream.outgoing); }
        } borrow{*state};
        for (const auto& piece : pieces) {
            if (!piece.empty()) state->outgoing.push_back(piece);
        }
        if (state->outgoing.empty()) co_return Result<void>{};
        link.queue(state);
        while (!state->outgoing.empty() && !state->error) co_await state->writable.wait();
        if (state->error) co_return fail(*state->error);
        co_return Result<void>{};
    }
    static Task<Result<void>> finish(Link link, std::shared_ptr<DrivenStream> state) {
        if (state->error) co_return fail(*state->error);
        state->finish_wanted = true;
        link.queue(state);
        while (!state->finish_sent && !state->error) co_await state->writable.wait();
        if (state->error) co_return fail(*state->error);
        co_return Result<void>{};
    }

    Link link_;
    std::shared_ptr<DrivenStream> state_;
};

template <class Session>
std::unique_ptr<net::Stream> make_stream(const std::shared_ptr<Session>& session,
                                         const std::shared_ptr<yamux::StreamState>& state) {
    YamuxStream::Link link{session, &session->core, session->env.clock, &session->writer_wake, &session->ended};
    return std::make_unique<YamuxStream>(std::move(link), driven(state));
}

}  // namespace

Yamux::Yamux(Env env, std::unique_ptr<net::Stream> secure, net::Role role, const YamuxConfig& config)
    : session_(std::make_shared<Session>(env, std::move(secure), role, config)) {}

Yamux::~Yamux() {
    session_->end(Error(Errc::shutdown, "the session was destroyed"));
}

Task<Error> Yamux::run() {
    const auto session = session_;
    auto body = [&session](TaskGroup& group) -> Task<Result<void>> {
        group.spawn(session->keep_alive());
        group.spawn(session->write());
        session->send_ping();  // the windows grow by the round trip
        co_await session->read();
        while (!session->writer_done) co_await session->reader_wake.wait();
        co_return Result<void>{};
    };
    (void)co_await with_group(session->env, 2, std::ref(body));
    co_return *session->ended;
}

Result<std::unique_ptr<net::Stream>> Yamux::open() {
    if (session_->ended) return fail(*session_->ended);
    SOTTO_TRY(const auto state, session_->core.open());
    return make_stream(session_, state);
}

Task<Result<std::unique_ptr<net::Stream>>> Yamux::accept() {
    const auto session = session_;
    for (;;) {
        if (session->ended) co_return fail(*session->ended);
        if (const auto state = session->core.accept()) {
            session->wake_writer();
            co_return make_stream(session, state);
        }
        co_await session->accept_wake.wait();
    }
}

void Yamux::close(Error why) noexcept {
    session_->end(std::move(why));
}

Task<Result<Duration>> Yamux::ping(Deadline deadline) {
    const auto session = session_;
    const auto& clock = *session->env.clock;
    if (session->pong.has_waiter()) co_return fail(Errc::busy, "a ping is under way");
    const auto start = clock.now();
    const auto value = session->send_ping();
    const auto limit = session->env.clock->after(deadline.left(clock), [&session] { session->pong.notify(); });
    while (!session->ended && !session->answered(value)) {
        if (clock.now() >= deadline.at) co_return fail(Errc::timed_out, "no answer to a yamux ping");
        co_await session->pong.wait();
    }
    if (session->ended) co_return fail(*session->ended);
    co_return clock.now() - start;
}

std::size_t Yamux::stream_count() const noexcept {
    return session_->core.stream_count();
}

}  // namespace sotto::libp2p
