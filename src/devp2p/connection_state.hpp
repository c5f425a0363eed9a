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

    /// The three tasks. read() ends when the connection has ended and the peer has closed it too, or its time is over.
    Task<void> read();
    Task<void> write();
    Task<void> keep_alive();

    /// Frames one message into the outbox; suspends while that is full. Callers hold the state.
    Task<Result<void>> send(std::uint32_t code, Buffers payload);
    Task<Result<Duration>> ping(Deadline deadline);
    /// Ends the connection: told, when it is we who end it, with a Disconnect behind what is written already. The first
    /// reason wins.
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
    Result<void> take_held();
    Result<BytesSpan> decode(BytesSpan input);
    Result<void> on_frame(BytesView content);
    void on_base_message(std::uint32_t code, BytesView payload);
    Result<void> on_message(std::uint32_t code, BytesView payload);
    bool paused() const noexcept;
    void note_life(std::size_t count, bool took_frame) noexcept;
    Task<void> drain();

    void append_message(std::uint32_t code, BytesView payload);
    bool has_room(std::size_t bytes) const noexcept;
    Task<void> wait_for_room(std::size_t bytes);
    Task<Result<void>> write_batch(BytesView batch);

    Bytes held_;              ///< the cut tail of what was read, or all of it while reading pauses
    Bytes outbox_;            ///< framed
    std::size_t unsent_ = 0;  ///< of the batch that the writer has taken out of the outbox
    Event writer_wake_;
    Event reader_wake_;
    Event pong_;
    std::list<Event> turns_;  ///< tasks that wait for room, in the order they came
    bool pong_due_ = false;   ///< however many pings came, one answer is enough
    std::uint64_t pongs_ = 0;
    TimePoint last_life_;
    std::size_t unfinished_ = 0;  ///< bytes since then
    Timer goodbye_limit_;
};

}  // namespace sotto::devp2p
