// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/event_log.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

namespace sotto::rpc {
namespace {

constexpr std::array<std::string_view, kEventKinds> kNames{"messages", "states", "peers"};
constexpr std::size_t kEpochBytes = 8;

}  // namespace

std::string_view to_string(EventKind kind) noexcept {
    return kNames[static_cast<std::size_t>(kind)];
}

std::optional<EventKind> parse_event_kind(std::string_view text) noexcept {
    const auto it = std::ranges::find(kNames, text);
    if (it == kNames.end()) return std::nullopt;
    return static_cast<EventKind>(it - kNames.begin());
}

bool EventFilter::wants(const LoggedEvent& event) const {
    if (!kinds[static_cast<std::size_t>(event.kind)]) return false;
    const auto named = [&](const std::vector<std::string>& tags) {
        return std::ranges::find(tags, std::string_view(event.tag)) != tags.end();
    };
    if (event.kind == EventKind::messages) return named(filters);
    return event.kind != EventKind::states || hashes.empty() || named(hashes);
}

EventLog::EventLog(RandomSource& random) : EventLog(random, Bounds{}) {}

EventLog::EventLog(RandomSource& random, Bounds bounds)
    : bounds_(bounds), epoch_(to_hex(random.array<kEpochBytes>())) {}

void EventLog::add(EventKind kind, const boost::json::object& data, std::string_view tag) {
    ++last_;
    const auto text = boost::json::serialize(data);
    LoggedEvent event{last_, kind, std::pmr::string(tag, &memory_), std::pmr::string(text, &memory_)};
    bytes_ += bytes_of(event);
    events_.emplace(last_, std::move(event));
    while (events_.size() > 1 && (events_.size() > bounds_.events || bytes_ > bounds_.bytes)) {
        bytes_ -= bytes_of(events_.begin()->second);
        events_.erase(events_.begin());
    }
    // A subscriber may add events itself: the others are still told of this one.
    const auto number = last_;
    added_.emit(number);
}

const LoggedEvent* EventLog::next(std::uint64_t after) const {
    const auto it = events_.upper_bound(after);
    return it == events_.end() ? nullptr : &it->second;
}

std::string EventLog::id_of(std::uint64_t number) const {
    return epoch_ + "-" + std::to_string(number);
}

Result<EventLog::Position> EventLog::find(std::string_view id) const {
    const auto unknown = [] { return fail(Errc::malformed, "this is no id of an event"); };
    const auto dash = id.find('-');
    if (dash != 2 * kEpochBytes) return unknown();
    const auto epoch = id.substr(0, dash);
    const auto digits = id.substr(dash + 1);
    if (!from_hex(epoch)) return unknown();
    Position position;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), position.after);
    if (error != std::errc() || end != digits.data() + digits.size()) return unknown();
    if (epoch != epoch_) return Position{.after = 0, .restarted = true};
    if (position.after > last_) return unknown();
    return position;
}

}  // namespace sotto::rpc
