// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "node/dial_schedule.hpp"

#include <algorithm>

namespace sotto::node {

Result<DialSchedule::Key> DialSchedule::add(const Multiaddr& address, TimePoint now) {
    if (address.peer_id().empty()) {
        return fail(Errc::invalid_argument, "the address names no peer: it needs /p2p/<peer id>, or use an enode URL");
    }
    SOTTO_TRY(auto peer, crypto::PeerId::decode(address.peer_id()));
    Key key{std::move(peer), net::network_of(address)};
    auto& entry = entries_[key];
    entry.address = address;
    if (entry.state == State::waiting) {
        entry.failures = 0;
        entry.due = now;
    }
    return key;
}

bool DialSchedule::remove(const crypto::PeerId& peer) {
    return std::erase_if(entries_, [&](const auto& item) { return item.first.peer == peer; }) > 0;
}

bool DialSchedule::wanted(const crypto::PeerId& peer) const {
    const auto it = entries_.lower_bound(Key{peer, net::Network::devp2p});
    return it != entries_.end() && it->first.peer == peer;
}

std::optional<Multiaddr> DialSchedule::take_due(TimePoint now) {
    for (auto& [key, entry] : entries_) {
        if (entry.state != State::waiting || entry.due > now) continue;
        entry.state = State::dialling;
        return entry.address;
    }
    return std::nullopt;
}

std::optional<TimePoint> DialSchedule::next_due() const {
    std::optional<TimePoint> next;
    for (const auto& [key, entry] : entries_) {
        if (entry.state == State::waiting && (!next || entry.due < *next)) next = entry.due;
    }
    return next;
}

void DialSchedule::failed(const Key& key, TimePoint now) {
    const auto it = entries_.find(key);
    if (it != entries_.end() && it->second.state == State::dialling) wait_again(it->second, now);
}

void DialSchedule::connected(const Key& key, TimePoint now) {
    const auto it = entries_.find(key);
    if (it == entries_.end()) return;
    it->second.state = State::connected;
    it->second.connected_at = now;
}

void DialSchedule::disconnected(const Key& key, TimePoint now) {
    const auto it = entries_.find(key);
    if (it == entries_.end() || it->second.state != State::connected) return;
    if (now - it->second.connected_at >= kStable) it->second.failures = 0;
    wait_again(it->second, now);
}

void DialSchedule::wait_again(Entry& entry, TimePoint now) {
    entry.state = State::waiting;
    entry.due = now + backoff(entry.failures++);
}

Duration DialSchedule::backoff(unsigned failures) {
    const Duration delay =
        std::min<Duration>(kLongestDelay, kFirstDelay * (std::int64_t{1} << std::min(failures, 20u)));
    // Between three and five quarters of the delay.
    const auto spread = static_cast<std::uint64_t>(delay.count() / 2);
    return delay * 3 / 4 + Duration(random_.below(spread + 1));
}

}  // namespace sotto::node
