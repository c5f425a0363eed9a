// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "devp2p/connection.hpp"

#include <algorithm>

#include "base/task_group.hpp"
#include "devp2p/connection_state.hpp"

namespace sotto::devp2p {
namespace {

using State = std::shared_ptr<ConnectionState>;

class CapabilityStream final : public net::MessageStream {
  public:
    CapabilityStream(State state, Inbox& inbox) : state_(std::move(state)), inbox_(inbox) {}
    /// A capability cannot be given back: the connection ends.
    ~CapabilityStream() override { state_->end(Error(Errc::closed, "the protocol ended")); }

    const net::PeerIdentity& peer() const noexcept override { return state_->link.peer; }
    net::Network network() const noexcept override { return net::Network::devp2p; }
    Task<Result<net::Message>> read() override { return read_one(state_, inbox_); }
    Result<net::Message> try_read() override {
        auto message = inbox_.messages.try_pop();
        if (message) {
            state_->inbox_drained();
            return std::move(*message);
        }
        if (state_->ended) return fail(*state_->ended);
        return fail(Errc::would_block);
    }
    Task<Result<void>> write(net::Code code, Buffers payload) override {
        return write_one(state_, inbox_, code, payload);
    }
    void close(Error why) noexcept override { state_->end(std::move(why)); }

  private:
    static Task<Result<net::Message>> read_one(State state, Inbox& inbox) {
        auto message = co_await inbox.messages.pop();
        state->inbox_drained();
        co_return message;
    }
    static Task<Result<void>> write_one(State state, Inbox& inbox, net::Code code, Buffers payload) {
        const auto& [spec, offset] = inbox.capability;
        if (code >= spec->message_count) co_return fail(Errc::invalid_argument, "a message code of no such message");
        if (total_size(payload) > spec->max_message) {
            co_return fail(Errc::invalid_argument, "a message above its protocol's limit");
        }
        co_return co_await state->send(offset + code, payload);
    }

    State state_;
    Inbox& inbox_;
};

class RlpxConnection final : public net::Connection {
  public:
    explicit RlpxConnection(State state) : state_(std::move(state)) {}
    ~RlpxConnection() override { state_->end(Error(Errc::shutdown, "the connection was destroyed")); }

    const net::PeerIdentity& peer() const noexcept override { return state_->link.peer; }
    net::ConnectionInfo info() const override { return state_->link.info; }
    Task<Error> run() override { return run_state(state_); }
    Task<Result<std::unique_ptr<net::MessageStream>>> open(const net::ProtocolSpec& spec, Deadline) override {
        return open_in(state_, spec);
    }
    Task<Result<net::Incoming>> accept() override { return wait_for_end(state_); }
    void close(Error why) noexcept override { state_->end(std::move(why)); }
    Task<Result<Duration>> ping(Deadline deadline) override { return ping_in(state_, deadline); }

  private:
    // Operations hold the shared state, never the connection: it may be destroyed while they wait.
    static Task<Error> run_state(State state) {
        /// Cancelled or not: what waits for the connection is told, and its stream is closed.
        struct Close {
            ConnectionState& state;
            ~Close() {
                state.end(Error(Errc::shutdown, "the connection was cancelled"), ConnectionState::Goodbye::silent);
                state.link.stream->reset(*state.ended);
            }
        } close{*state};
        auto body = [&state](TaskGroup& group) -> Task<Result<void>> {
            group.spawn(state->keep_alive());
            group.spawn(state->write());
            co_await state->read();
            while (!state->writer_done) co_await state->writer_gone.wait();
            co_return Result<void>{};
        };
        (void)co_await with_group(state->env, 2, std::ref(body));
        co_return *state->ended;
    }
    static Task<Result<std::unique_ptr<net::MessageStream>>> open_in(State state, const net::ProtocolSpec& spec) {
        if (state->ended) co_return fail(*state->ended);
        const auto inbox = std::ranges::find_if(state->inboxes, [&](const auto& i) {
            return i->capability.spec->name == spec.name && i->capability.spec->version == spec.version;
        });
        if (inbox == state->inboxes.end()) {
            co_return fail(Errc::unsupported, "the peer does not share this capability");
        }
        if (std::exchange((*inbox)->opened, true)) co_return fail(Errc::duplicate, "the capability is in use already");
        co_return std::make_unique<CapabilityStream>(state, **inbox);
    }
    static Task<Result<net::Incoming>> wait_for_end(State state) {
        while (!state->ended) co_await state->end_wake.wait();
        co_return fail(*state->ended);
    }
    static Task<Result<Duration>> ping_in(State state, Deadline deadline) { co_return co_await state->ping(deadline); }

    State state_;
};

}  // namespace

std::size_t max_frame_content(std::size_t max_message) noexcept {
    return max_message + max_message / 6 + 1024;
}

std::unique_ptr<net::Connection> make_connection(Env env, const ConnectionConfig& config, Established established) {
    return std::make_unique<RlpxConnection>(std::make_shared<ConnectionState>(env, config, std::move(established)));
}

}  // namespace sotto::devp2p
