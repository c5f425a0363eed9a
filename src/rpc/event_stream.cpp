// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/event_stream.hpp"

#include <algorithm>

namespace sotto::rpc {
namespace {

constexpr std::size_t kMaxNames = 100;  // of filters or hashes in one request
constexpr std::string_view kRetry = "retry: 2000\n";

/// Undoes the encoding of a query (url.spec.whatwg.org, percent-decode).
Result<std::string> decode_percent(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        const auto byte = from_hex(text.substr(i + 1, 2));
        // from_hex takes a lone "0x" too, as nothing.
        if (!byte || byte->size() != 1) {
            return fail(Errc::malformed, "a % of the query is not followed by two hex digits");
        }
        out += static_cast<char>(byte->front());
        i += 2;
    }
    return out;
}

std::string_view take_until(std::string_view& text, char separator) {
    const auto end = std::min(text.find(separator), text.size());
    const auto part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return part;
}

Result<void> add_kinds(EventFilter& filter, std::string_view names) {
    while (!names.empty()) {
        const auto name = take_until(names, ',');
        const auto kind = parse_event_kind(name);
        if (!kind) return fail(Errc::malformed, "the kinds of events are messages, states and peers");
        filter.kinds[static_cast<std::size_t>(*kind)] = true;
    }
    return {};
}

Result<void> add_name(std::vector<std::string>& names, std::string name) {
    if (names.size() >= kMaxNames) return fail(Errc::malformed, "too many filters or hashes");
    names.push_back(std::move(name));
    return {};
}

Result<void> add_parameter(EventRequest& request, std::string_view name, std::string value) {
    if (name == "kinds") return add_kinds(request.filter, value);
    if (name == "filter") return add_name(request.filter.filters, std::move(value));
    if (name == "hash") return add_name(request.filter.hashes, std::move(value));
    if (name != "after") return fail(Errc::malformed, "the parameters are kinds, filter, hash and after");
    request.after = std::move(value);
    return {};
}

std::string event_text(const std::string& id, std::string_view name, std::string_view data) {
    std::string text = "id: " + id + "\nevent: ";
    text += name;
    text += "\ndata: ";
    text += data;
    return text + "\n\n";
}

}  // namespace

Result<EventRequest> parse_event_request(std::string_view target, std::optional<std::string_view> last_event_id) {
    EventRequest request;
    auto query = target.substr(std::min(target.find('?'), target.size()));
    if (!query.empty()) query.remove_prefix(1);
    while (!query.empty()) {
        auto value = take_until(query, '&');
        const auto name = take_until(value, '=');
        SOTTO_TRY(auto decoded, decode_percent(value));
        SOTTO_CHECK(add_parameter(request, name, std::move(decoded)));
    }
    auto& kinds = request.filter.kinds;
    auto& messages = kinds[static_cast<std::size_t>(EventKind::messages)];
    const bool some = std::ranges::find(kinds, true) != kinds.end();
    if (messages && request.filter.filters.empty()) {
        return fail(Errc::malformed, "messages need filter=ID, with what shh_newMessageFilter has answered");
    }
    if (!some) {
        kinds.fill(true);
        messages = !request.filter.filters.empty();
    }
    if (last_event_id && !last_event_id->empty()) request.after = *last_event_id;
    return request;
}

Result<EventReader> EventReader::open(const EventLog& log, EventRequest request) {
    EventLog::Position position{.after = log.last()};
    if (request.after) {
        SOTTO_TRY(position, log.find(*request.after));
    }
    return EventReader(log, std::move(request.filter), position);
}

std::string EventReader::take_lost() {
    const auto* next = log_->next(after_);
    const auto first = next ? next->number : log_->last() + 1;
    const auto count = first - after_ - 1;
    if (!restarted_ && count == 0) return {};
    after_ = first - 1;
    const std::string data = std::exchange(restarted_, false)
                                 ? R"({"count":null,"restarted":true})"
                                 : R"({"count":)" + std::to_string(count) + R"(,"restarted":false})";
    return event_text(log_->id_of(after_), "lost", data);
}

std::string EventReader::take(std::size_t max_bytes) {
    auto text = take_lost();
    while (text.size() < max_bytes) {
        const auto* event = log_->next(after_);
        if (!event) break;
        if (filter_.wants(*event)) {
            auto one = event_text(log_->id_of(event->number), to_string(event->kind), event->data);
            if (!text.empty() && text.size() + one.size() > max_bytes) break;
            text += one;
        }
        after_ = event->number;
    }
    return text;
}

std::string EventReader::heartbeat() const {
    return "id: " + log_->id_of(after_) + "\n\n";
}

EventStream::EventStream(Env env, EventLog& log, EventReader reader)
    : env_(env), reader_(std::move(reader)), wake_(env.executor) {
    added_ = log.added().subscribe([this](std::uint64_t) { wake_.notify(); });
}

void EventStream::stop() noexcept {
    stopped_ = true;
    wake_.notify();
}

Task<void> EventStream::wait(Duration limit) {
    const auto timer = env_.clock->after(limit, [this] { wake_.notify(); });
    co_await wake_.wait();
}

Task<void> EventStream::run(Write write, Poll poll) {
    // The reader has an id from the start, so that it can come back before the first event.
    std::string text = std::string(kRetry) + reader_.heartbeat();
    auto beat_at = env_.clock->now() + kHeartbeat;
    while (!stopped_) {
        if (!text.empty()) {
            const auto written = co_await write(std::move(text));
            if (!written) co_return;
            beat_at = env_.clock->now() + kHeartbeat;
        }
        const auto polled = poll ? poll() : Result<void>{};
        if (!polled) co_return;
        text = reader_.take(kChunk);
        if (!text.empty()) continue;
        const auto left = beat_at - env_.clock->now();
        if (left <= Duration{}) {
            text = reader_.heartbeat();
        } else {
            co_await wait(poll ? std::min(left, kPoll) : left);
        }
    }
}

}  // namespace sotto::rpc
