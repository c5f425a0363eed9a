// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "whisper/filter.hpp"

#include <algorithm>

#include "crypto/hash.hpp"

namespace sotto::whisper {
namespace {

bool same_key(const FilterKey& a, const FilterKey& b) noexcept {
    return a.symmetric == b.symmetric && crypto::equal_constant_time(a.secret, b.secret);
}

/// What a queued message is counted as.
std::size_t cost_of(const ReceivedMessage& message) noexcept {
    return sizeof(ReceivedMessage) + message.payload.size() + message.padding.size();
}

}  // namespace

FilterKey::FilterKey(bool is_symmetric, const ByteArray<32>& bytes) : symmetric(is_symmetric), secret(bytes) {
    if (!symmetric) recipient = crypto::secp256k1::public_key(secret);
}

FilterKey::~FilterKey() {
    crypto::wipe(secret);
}

SharedMessage open_envelope(const FilterKey& key, const Envelope& envelope, double pow) {
    const auto& view = envelope.view();
    const auto plain = key.symmetric ? open_symmetric(key.secret, view.data) : open_asymmetric(key.secret, view.data);
    if (!plain) return nullptr;
    auto decoded = decode_plaintext(*plain);
    if (!decoded) return nullptr;
    auto message = std::make_shared<ReceivedMessage>();
    message->hash = envelope.hash();
    message->topic = view.topic;
    message->ttl = view.ttl;
    message->timestamp = static_cast<std::uint32_t>(view.sent());
    message->pow = pow;
    message->source = decoded->source;
    message->recipient = key.recipient;
    message->payload = std::move(decoded->payload);
    message->padding = std::move(decoded->padding);
    return message;
}

Result<void> FilterIndex::add(const std::string& id, FilterSpec spec, Handler handler) {
    if (filters_.contains(id)) return fail(Errc::exists, "failed to generate unique ID");
    if (filters_.size() >= limits_.filters) return fail(Errc::busy, "too many filters");
    std::ranges::sort(spec.topics);
    const auto repeated = std::ranges::unique(spec.topics);
    spec.topics.erase(repeated.begin(), repeated.end());

    auto filter = std::make_shared<Filter>();
    filter->spec = std::move(spec);
    filter->handler = std::move(handler);
    if (filter->spec.topics.empty()) link(any_topic_, filter);
    for (const auto& topic : filter->spec.topics) link(by_topic_[topic], filter);
    filters_.emplace(id, std::move(filter));
    return {};
}

bool FilterIndex::remove(const std::string& id) {
    const auto it = filters_.find(id);
    if (it == filters_.end()) return false;
    const auto filter = it->second;
    filter->removed = true;
    if (filter->spec.topics.empty()) unlink(any_topic_, filter);
    for (const auto& topic : filter->spec.topics) {
        const auto groups = by_topic_.find(topic);
        unlink(groups->second, filter);
        if (groups->second.empty()) by_topic_.erase(groups);
    }
    filters_.erase(it);
    ++removals_;
    return true;
}

Result<std::vector<SharedMessage>> FilterIndex::drain(const std::string& id) {
    const auto it = filters_.find(id);
    if (it == filters_.end()) return fail(Errc::not_found, "filter not found");
    auto& filter = *it->second;
    std::vector<SharedMessage> messages;
    std::size_t bytes = 0;
    while (filter.head < filter.queue.size()) {
        bytes += cost_of(*filter.queue[filter.head]);
        if (!messages.empty() && bytes > limits_.drained_bytes) break;
        messages.push_back(take_oldest(filter));
    }
    compact(filter);
    return messages;
}

void FilterIndex::add_topics(Bloom& bloom) const {
    for (const auto& [topic, groups] : by_topic_) bloom.add(topic);
}

std::vector<SharedKey> FilterIndex::candidates(const Topic& topic, const Arrival& arrival) const {
    std::vector<SharedKey> keys;
    const auto collect = [&](const Groups& groups) {
        for (const auto& group : groups) {
            if (std::ranges::any_of(group.filters, [&](const auto& filter) { return wants(*filter, arrival); })) {
                keys.push_back(group.key);
            }
        }
    };
    if (const auto it = by_topic_.find(topic); it != by_topic_.end()) collect(it->second);
    collect(any_topic_);
    return keys;
}

std::size_t FilterIndex::dispatch(const FilterKey& key, const SharedMessage& message, const Arrival& arrival) {
    std::vector<SharedFilter> takers;
    const auto collect = [&](const Groups& groups) {
        for (const auto& group : groups) {
            if (!same_key(*group.key, key)) continue;
            for (const auto& filter : group.filters) {
                const auto& source = filter->spec.source;
                if (wants(*filter, arrival) && (!source || source == message->source)) takers.push_back(filter);
            }
        }
    };
    collect(any_topic_);
    if (const auto it = by_topic_.find(message->topic); it != by_topic_.end()) collect(it->second);
    for (const auto& filter : takers) {
        if (!filter->handler) {
            enqueue(*filter, message);
        } else if (!filter->removed) {
            filter->handler(message);
        }
    }
    return takers.size();
}

bool FilterIndex::wants(const Filter& filter, const Arrival& arrival) {
    // A direct message carries no work on purpose: only the trust in its sender counts.
    return arrival.direct ? filter.spec.allow_direct : arrival.pow >= filter.spec.min_pow;
}

void FilterIndex::link(Groups& groups, const SharedFilter& filter) {
    const auto it = std::ranges::find_if(groups, [&](const Group& g) { return same_key(*g.key, *filter->spec.key); });
    if (it != groups.end()) {
        it->filters.push_back(filter);
    } else {
        groups.push_back({filter->spec.key, {filter}});
    }
}

void FilterIndex::unlink(Groups& groups, const SharedFilter& filter) {
    for (auto& group : groups) std::erase(group.filters, filter);
    std::erase_if(groups, [](const Group& group) { return group.filters.empty(); });
}

void FilterIndex::enqueue(Filter& filter, const SharedMessage& message) {
    filter.queue.push_back(message);
    filter.bytes += cost_of(*message);
    const auto waiting = [&] { return filter.queue.size() - filter.head; };
    while (waiting() > limits_.queued_messages || (filter.bytes > limits_.queued_bytes && waiting() > 1)) {
        (void)take_oldest(filter);
        ++dropped_;
    }
    compact(filter);
}

SharedMessage FilterIndex::take_oldest(Filter& filter) {
    auto message = std::move(filter.queue[filter.head++]);
    filter.bytes -= cost_of(*message);
    return message;
}

void FilterIndex::compact(Filter& filter) {
    if (filter.head == filter.queue.size()) {
        filter.queue = {};
        filter.head = 0;
    } else if (filter.head >= 64 && filter.head * 2 >= filter.queue.size()) {
        filter.queue.erase(filter.queue.begin(), filter.queue.begin() + static_cast<std::ptrdiff_t>(filter.head));
        filter.head = 0;
    }
}

}  // namespace sotto::whisper
