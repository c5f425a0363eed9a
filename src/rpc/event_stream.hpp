// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <functional>

#include "base/env.hpp"
#include "base/event.hpp"
#include "rpc/event_log.hpp"

namespace sotto::rpc {

/// What GET /events asks for.
struct EventRequest {
    EventFilter filter;
    std::optional<std::string> after;  ///< the id of the last event that the reader has; without it: only what comes
};

/// "/events?kinds=states,peers&hash=0x…&filter=…&after=…": kinds are those that are named, or states and peers; hash
/// and filter may be repeated, and a filter adds messages. The header Last-Event-ID goes before `after`.
/// Errc::malformed names what is wrong.
Result<EventRequest> parse_event_request(std::string_view target, std::optional<std::string_view> last_event_id);

/// One reader's place in the log. It holds no events: a slow reader costs nothing, and what has left the log before it
/// came there is told as lost. Pure.
class EventReader {
  public:
    /// Errc::malformed: `after` is no id.
    static Result<EventReader> open(const EventLog& log, EventRequest request);

    /// The next events as server-sent events (html.spec.whatwg.org/multipage/server-sent-events.html), at most
    /// `max_bytes` where more than one; empty: there is none.
    std::string take(std::size_t max_bytes);
    /// Moves the reader's id to where it stands, without an event; keeps proxies from closing.
    std::string heartbeat() const;

  private:
    EventReader(const EventLog& log, EventFilter filter, EventLog::Position position)
        : log_(&log), filter_(std::move(filter)), after_(position.after), restarted_(position.restarted) {}
    std::string take_lost();

    const EventLog* log_;
    EventFilter filter_;
    std::uint64_t after_;
    bool restarted_;
};

/// Writes events as they come, and a heartbeat every 15 s without one, until it is stopped or `write` fails. Loop
/// thread only.
class EventStream {
  public:
    static constexpr Duration kHeartbeat = std::chrono::seconds(15);
    /// How often filters are asked for messages while somebody reads them.
    static constexpr Duration kPoll = std::chrono::milliseconds(100);
    static constexpr std::size_t kChunk = 64 * 1024;  ///< bytes that are read ahead of the reader

    using Write = std::function<Task<Result<void>>(std::string)>;
    /// Puts what came for the reader's filters into the log; an error ends the stream. Null: it reads no messages.
    using Poll = std::function<Result<void>()>;

    EventStream(Env env, EventLog& log, EventReader reader);
    Task<void> run(Write write, Poll poll);
    void stop() noexcept;

  private:
    Task<void> wait(Duration limit);

    Env env_;
    EventReader reader_;
    Event wake_;
    Subscription added_;
    bool stopped_ = false;
};

}  // namespace sotto::rpc
