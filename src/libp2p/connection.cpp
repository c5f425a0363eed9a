// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "libp2p/connection.hpp"

#include <algorithm>
#include <utility>

#include "base/bounded_queue.hpp"
#include "base/task_group.hpp"
#include "libp2p/lazy_stream.hpp"
#include "libp2p/message_stream.hpp"
#include "libp2p/multistream.hpp"
#include "libp2p/ping.hpp"

namespace sotto::libp2p {
namespace {

/// Bytes that a peer may send behind what its protocol needed, before its stream is reset instead of ended.
constexpr std::size_t kMaxFarewell = 64 * 1024;
/// Tasks beside those of inbound streams: two a message stream, and the connection's own.
constexpr std::size_t kOtherTasks = 128;
/// More streams than a connection can have, and not so many that a sum overflows.
constexpr std::size_t kUnbounded = std::size_t{1} << 31;

}  // namespace

struct Connection::State final : ServiceContext {
    using Shared = std::shared_ptr<State>;

    State(Env e,
          std::shared_ptr<const Local> l,
          std::unique_ptr<net::Stream> secure,
          net::PeerIdentity p,
          net::ConnectionInfo i)
        : env(e),
          local(std::move(l)),
          identity(std::move(p)),
          info(std::move(i)),
          yamux(local->yamux()),
          muxer(env, std::move(secure), info.role, yamux),
          incoming(env.executor, kMaxWaitingStreams) {}

    Env env;
    std::shared_ptr<const Local> local;
    net::PeerIdentity identity;
    net::ConnectionInfo info;
    const YamuxConfig yamux;
    Yamux muxer;
    BoundedQueue<net::Incoming> incoming;
    TaskGroup* group = nullptr;  ///< while run() runs
    std::size_t negotiating = 0;
    bool identified = false;

    const net::PeerIdentity& peer() const noexcept override { return identity; }
    IdentifyInfo describe_us() const override { return local->describe(info.remote); }
    void learn(IdentifyInfo theirs) override {
        // A push may carry only what has changed.
        identified = true;
        if (!theirs.agent.empty()) info.agent = std::move(theirs.agent);
        if (!theirs.protocols.empty()) info.protocols = std::move(theirs.protocols);
    }
    void end(const Error& why) noexcept {
        group = nullptr;
        muxer.close(why);
        incoming.close(why);
    }
    bool known_to_lack(std::string_view protocol_id) const noexcept {
        return identified && !info.protocols.empty() &&
               std::ranges::find(info.protocols, protocol_id) == info.protocols.end();
    }
    Timer limit(net::Stream& stream, Duration duration) const {
        return env.clock->after(duration, [&stream] { stream.reset(Error(Errc::timed_out)); });
    }
    Result<std::unique_ptr<net::Stream>> open_stream(std::string_view protocol_id, Deadline deadline) {
        if (known_to_lack(protocol_id))
            return fail(Errc::unsupported, "the peer does not speak " + std::string(protocol_id));
        SOTTO_TRY(auto stream, muxer.open());
        return std::make_unique<LazyStream>(env, std::move(stream), std::string(protocol_id), deadline);
    }
    Result<std::unique_ptr<net::MessageStream>> frame(std::unique_ptr<net::Stream> stream,
                                                      const net::ProtocolSpec& spec) {
        if (!group) return fail(Errc::shutdown, "the connection does not run");
        return make_message_stream(env, *group, std::move(stream), identity, spec);
    }
    /// Ends a stream well: a reset could overtake what was written.
    Task<void> farewell(net::Stream& stream) const {
        const auto timer = limit(stream, local->config.service_limit);
        (void)co_await net::finish(stream, kMaxFarewell);
    }

    // The tasks of a running connection. Each holds the state: the Connection may be destroyed while they run.
    static Task<Error> drive(Shared state, TaskGroup& group);
    static Task<void> accept_streams(Shared state);
    static Task<void> serve_stream(Shared state, std::unique_ptr<net::Stream> stream);
    static Task<Result<std::string_view>> negotiate(State& state, net::Stream& stream);
    static Task<void> run_service(State& state, const Service& service, net::Stream& stream);
    static Task<void> identify(Shared state);
    static Task<Result<net::Incoming>> accept_one(Shared state) { co_return co_await state->incoming.pop(); }
    static Task<Result<Duration>> ping_once(Shared state, Deadline deadline);
    void deliver(const net::ProtocolSpec& spec, std::unique_ptr<net::Stream> stream);
};

Task<Error> Connection::State::drive(Shared state, TaskGroup& group) {
    struct Running {
        State& state;
        ~Running() { state.end(Error(Errc::shutdown, "the connection was cancelled")); }
    } running{*state};
    state->group = &group;
    group.spawn(accept_streams(state));
    group.spawn(identify(state));
    const auto why = co_await state->muxer.run();
    state->end(why);
    co_return why;
}

Task<void> Connection::State::accept_streams(Shared state) {
    for (;;) {
        auto stream = co_await state->muxer.accept();
        if (!stream) co_return;
        if (state->negotiating >= state->local->config.max_negotiations) {
            (*stream)->reset(Error(Errc::busy, "too many negotiations at once"));
        } else if (state->group) {
            state->group->spawn(serve_stream(state, *std::move(stream)));
        }
    }
}

Task<void> Connection::State::serve_stream(Shared state, std::unique_ptr<net::Stream> stream) {
    const auto id = co_await negotiate(*state, *stream);
    if (!id) {
        stream->reset(id.error());
    } else if (const auto* service = state->local->find_service(*id)) {
        co_await run_service(*state, *service, *stream);
    } else if (const auto* spec = state->local->find_protocol(*id)) {
        state->deliver(*spec, std::move(stream));
    }
}

Task<Result<std::string_view>> Connection::State::negotiate(State& state, net::Stream& stream) {
    struct Counted {
        std::size_t& counter;
        explicit Counted(std::size_t& c) : counter(c) { ++counter; }
        ~Counted() { --counter; }
    } counted(state.negotiating);
    const auto timer = state.limit(stream, state.local->config.negotiation_limit);
    co_return co_await multistream::answer(stream, state.local->protocol_ids);
}

Task<void> Connection::State::run_service(State& state, const Service& service, net::Stream& stream) {
    const auto served = co_await service.serve(state, stream);
    if (served) co_return co_await state.farewell(stream);
    stream.reset(served.error());
    if (served.error() == Errc::wrong_identity) state.muxer.close(served.error());
}

void Connection::State::deliver(const net::ProtocolSpec& spec, std::unique_ptr<net::Stream> stream) {
    auto framed = frame(std::move(stream), spec);
    if (!framed) return;
    net::Incoming item{&spec, *std::move(framed)};
    incoming.try_push(item, 1);  // full: the stream is destroyed, which resets it
}

Task<void> Connection::State::identify(Shared state) {
    const auto deadline = Deadline::in(*state->env.clock, state->local->config.service_limit);
    auto stream = state->open_stream(kIdentifyId, deadline);
    if (!stream) co_return;
    const auto timer = state->limit(**stream, state->local->config.service_limit);
    auto info = co_await read_identify(**stream, state->identity);
    if (info) {
        state->learn(*std::move(info));
        co_await state->farewell(**stream);
    } else if (info.error() == Errc::wrong_identity) {
        state->muxer.close(info.error());
    }
}

Task<Result<Duration>> Connection::State::ping_once(Shared state, Deadline deadline) {
    SOTTO_CO_TRY(const auto stream, state->open_stream(kPingId, deadline));
    const auto timer = state->limit(*stream, deadline.left(*state->env.clock));
    SOTTO_CO_TRY(const auto round_trip, co_await libp2p::ping(state->env, *stream));
    co_await state->farewell(*stream);
    co_return round_trip;
}

Connection::Connection(Env env,
                       std::shared_ptr<const Local> local,
                       std::unique_ptr<net::Stream> secure,
                       net::PeerIdentity peer,
                       net::ConnectionInfo info)
    : state_(std::make_shared<State>(env, std::move(local), std::move(secure), std::move(peer), std::move(info))) {}

Connection::~Connection() {
    state_->end(Error(Errc::shutdown, "the connection was destroyed"));
}

const net::PeerIdentity& Connection::peer() const noexcept {
    return state_->identity;
}

net::ConnectionInfo Connection::info() const {
    return state_->info;
}

Task<Error> Connection::run() {
    const auto state = state_;
    auto body = [&state](TaskGroup& group) { return State::drive(state, group); };
    const auto limit = std::min(state->yamux.core.max_inbound_streams, kUnbounded) + kOtherTasks;
    co_return co_await with_group(state->env, limit, body);
}

Task<Result<std::unique_ptr<net::MessageStream>>> Connection::open(const net::ProtocolSpec& spec, Deadline deadline) {
    SOTTO_CO_TRY(auto stream, state_->open_stream(spec.protocol_id, deadline));
    co_return state_->frame(std::move(stream), spec);
}

Task<Result<net::Incoming>> Connection::accept() {
    return State::accept_one(state_);
}

void Connection::close(Error why) noexcept {
    state_->muxer.close(std::move(why));
}

Task<Result<Duration>> Connection::ping(Deadline deadline) {
    return State::ping_once(state_, deadline);
}

Result<std::unique_ptr<net::Stream>> Connection::open_stream(std::string_view protocol_id, Deadline deadline) {
    return state_->open_stream(protocol_id, deadline);
}

}  // namespace sotto::libp2p
