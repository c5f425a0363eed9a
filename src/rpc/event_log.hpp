// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <array>
#include <boost/json/fwd.hpp>
#include <map>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.hpp"
#include "base/result.hpp"
#include "base/signal.hpp"

namespace sotto::rpc {

enum class EventKind : std::uint8_t {
    messages,  ///< a filter caught one; the tag is the filter's id
    states,    ///< of a posted message changed; the tag is its hash, 0x…
    peers,     ///< a peer came or went; no tag
};
inline constexpr std::size_t kEventKinds = 3;
std::string_view to_string(EventKind kind) noexcept;
std::optional<EventKind> parse_event_kind(std::string_view text) noexcept;

struct LoggedEvent {
    std::uint64_t number = 0;  ///< 1, 2, 3 … over all kinds
    EventKind kind{};
    std::pmr::string tag;
    std::pmr::string data;  ///< one JSON object, one line
};

/// What a reader wants of the log.
struct EventFilter {
    std::array<bool, kEventKinds> kinds{};
    std::vector<std::string> filters = {};  ///< whose messages; a filter's id is what gives the right to them
    std::vector<std::string> hashes = {};   ///< whose states; empty: all
    bool wants(const LoggedEvent& event) const;
};

/// What happened in this node, for all who watch: the newest events, bounded in number and bytes. An event's id is
/// "EPOCH-NUMBER"; the epoch is drawn at each start, so that a reader of an earlier process is recognised. Loop thread
/// only.
class EventLog {
  public:
    struct Bounds {
        std::size_t events = 10'000;
        std::size_t bytes = std::size_t{16} << 20;  ///< of tags and data; a single larger event is kept
    };
    explicit EventLog(RandomSource& random);
    EventLog(RandomSource& random, Bounds bounds);

    void add(EventKind kind, const boost::json::object& data, std::string_view tag);

    /// The number of the newest event; 0 before the first.
    std::uint64_t last() const noexcept { return last_; }
    /// The first event behind number `after` that is still there, and all behind it, without a gap. Null: none.
    const LoggedEvent* next(std::uint64_t after) const;
    std::string id_of(std::uint64_t number) const;

    struct Position {
        std::uint64_t after = 0;  ///< the number of the last event that the reader has
        bool restarted = false;   ///< it had it from an earlier process: what it lacks is unknown
    };
    /// Errc::malformed: no id that any process has given.
    Result<Position> find(std::string_view id) const;

    /// The number of each event once it is in.
    Signal<std::uint64_t>& added() noexcept { return added_; }

  private:
    static std::size_t bytes_of(const LoggedEvent& event) noexcept { return event.tag.size() + event.data.size(); }

    Bounds bounds_;
    std::string epoch_;
    std::uint64_t last_ = 0;
    std::size_t bytes_ = 0;
    /// Apart from the heap: events outlive the connections between which they are made, and would scatter them.
    std::pmr::unsynchronized_pool_resource memory_;
    std::pmr::map<std::uint64_t, LoggedEvent> events_{&memory_};
    Signal<std::uint64_t> added_;
};

}  // namespace sotto::rpc
