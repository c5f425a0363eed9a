// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <boost/json.hpp>

#include "base/fuzz.hpp"
#include "rpc/event_stream.hpp"
#include "sim/world.hpp"

namespace sotto::rpc {
namespace {

const EventLog& shared_log() {
    static sim::World world;
    static EventLog log(world.random(), {.events = 4, .bytes = 10'000});
    if (log.last() == 0) {
        for (int i = 0; i < 6; ++i) log.add(static_cast<EventKind>(i % 3), {{"n", i}}, "tag");
    }
    return log;
}

/// Every block of the stream has an id of this log that does not go back.
void check_stream(const EventLog& log, std::string_view text) {
    std::uint64_t last = 0;
    while (!text.empty()) {
        const auto end = text.find("\n\n");
        SOTTO_FUZZ_CHECK(end != std::string_view::npos && text.starts_with("id: "));
        const auto position = log.find(text.substr(4, text.find('\n') - 4));
        SOTTO_FUZZ_CHECK(position && !position->restarted && position->after >= last);
        last = position->after;
        text.remove_prefix(end + 2);
    }
}

}  // namespace

/// The first line is the target, the second the header Last-Event-ID; "$" in it is this process's epoch.
SOTTO_FUZZ(event_request) {
    const auto& log = shared_log();
    auto text = text_of(input);
    const auto target = text.substr(0, text.find('\n'));
    std::optional<std::string> last_id;
    if (target.size() < text.size()) {
        last_id = text.substr(target.size() + 1);
        if (last_id->starts_with('$')) last_id->replace(0, 1, log.id_of(0).substr(0, 16));
    }
    auto request = parse_event_request(target, last_id);
    if (!request) {
        SOTTO_FUZZ_CHECK(request.error() == Errc::malformed && !request.error().detail().empty());
        return;
    }
    const bool messages = request->filter.kinds[0];
    SOTTO_FUZZ_CHECK(!messages || !request->filter.filters.empty());
    auto reader = EventReader::open(log, std::move(*request));
    if (!reader) return;
    std::string all;
    for (std::string part = reader->take(64); !part.empty(); part = reader->take(64)) all += part;
    check_stream(log, all);
    check_stream(log, reader->heartbeat());
}

}  // namespace sotto::rpc
