// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <list>

#include "base/bounded_queue.hpp"
#include "base/event.hpp"
#include "devp2p/connection.hpp"

namespace sotto::devp2p {

/// Messages of one capability that wait to be read.
struct Inbox {
    Inbox(const Executor& executor, const SharedCapability& c, std::size_t limit)
        : capability(c), messages(executor, limit) {}
    SharedCapability capability;
    BoundedQueue<net::Message> messages;
    bool opened = false;
};

/// Everything that the connection, its tasks and its message streams share; each of them keeps it alive.
class ConnectionState {
  public:
    ConnectionState(Env env, const ConnectionConfig& config, Established established);

    Task<void> read();
    Task<void> write();
    Task<void> keep_alive();

    /// Frames one message into the outbox; suspends while that is full.
    static Task<Result<void>> send(std::shared_ptr<ConnectionState> self, std::uint32_t code, Bytes payload);
    static Task<Result<Duration>> ping(std::shared_ptr<ConnectionState> self, Deadline deadline);
    /// Ends the connection, with a Disconnect when it is we who end it. The first reason wins.
    enum class Goodbye : bool { silent, told };
    void end(Error why, Goodbye goodbye = Goodbye::told) noexcept;
    /// A message was taken out of an inbox: reading may go on.
    void inbox_drained() noexcept;

    Env env;
    ConnectionConfig config;
    Established link;
    std::vector<std::unique_ptr<Inbox>> inboxes;
    std::optional<Error> ended;
    Event end_wake;  ///< for accept(), which has nothing else to wait for
    bool writer_done = false;
    Event writer_gone;

  private:
    Result<void> take_input();
    Result<void> consume(BytesSpan input);
    Result<void> on_frame(BytesView content);
    Result<void> on_base_message(std::uint32_t code, BytesView payload);
    Result<void> on_message(std::uint32_t code, BytesView payload);
    bool paused() const noexcept;
    void append_message(std::uint32_t code, BytesView payload);
    void append_pong();
    void wake_senders() noexcept;

    bool snappy_;
    Bytes held_;    ///< the cut tail of what was read, or all of it while reading pauses
    Bytes outbox_;  ///< framed
    Event writer_wake_;
    Event reader_wake_;
    Event pong_;
    std::list<Event*> waiting_senders_;
    bool pong_due_ = false;  ///< however many pings came, one answer is enough
    std::uint64_t pongs_ = 0;
    TimePoint last_read_;
    Timer goodbye_limit_;
};

}  // namespace sotto::devp2p
