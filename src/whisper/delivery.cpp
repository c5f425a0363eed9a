// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "whisper/delivery.hpp"

#include <algorithm>

#include "base/escape.hpp"

namespace sotto::whisper {
namespace {

constexpr std::size_t kMaxSuspects = 10'000;

bool contains(const std::vector<crypto::PeerId>& peers, const crypto::PeerId& peer) {
    return std::ranges::find(peers, peer) != peers.end();
}

bool is_continuation(char c) noexcept {
    return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

/// False: it was there already, or there is no room.
bool add_peer(std::vector<crypto::PeerId>& peers, const crypto::PeerId& peer) {
    if (contains(peers, peer) || peers.size() >= Delivery::kMaxPeers) return false;
    peers.push_back(peer);
    return true;
}

/// A stranger's words, safe to print and to put into JSON.
std::string refusal(std::string_view words) {
    std::string text = "a peer refused it: " + printable(words.substr(0, Delivery::kMaxReason));
    if (text.size() <= Delivery::kMaxReason) return text;
    auto end = Delivery::kMaxReason;
    while (is_continuation(text[end])) --end;
    text.resize(end);
    return text;
}

std::string why_expired(const Delivery& delivery, const Deliveries::WhyUnsent& why_unsent) {
    if (!delivery.reason.empty()) return delivery.reason;
    return delivery.sent_to.empty() ? why_unsent(delivery) : "no peer confirmed it in time";
}

}  // namespace

std::string_view to_string(DeliveryState state) noexcept {
    switch (state) {
        case DeliveryState::queued:
            return "queued";
        case DeliveryState::sealed:
            return "sealed";
        case DeliveryState::sent:
            return "sent";
        case DeliveryState::acknowledged:
            return "acknowledged";
        case DeliveryState::held:
            return "held";
        case DeliveryState::expired:
            return "expired";
        case DeliveryState::failed:
            return "failed";
    }
    return "unknown";
}

void Deliveries::add(Delivery delivery) {
    while (by_age_.size() >= limits_.messages && !settled_.empty()) forget(*settled_.begin());
    const auto age = next_age_++;
    for (const auto& envelope : delivery.envelopes) by_envelope_.emplace(envelope, age);
    auto& added = by_age_.emplace(age, std::move(delivery)).first->second;
    if (added.settled()) settled_.insert(age);
    if (added.state < DeliveryState::expired) by_deadline_.emplace(added.deadline, age);
    tell(added);
}

void Deliveries::forget(Age age) {
    const auto it = by_age_.find(age);
    for (const auto& envelope : it->second.envelopes) by_envelope_.erase(envelope);
    by_deadline_.erase({it->second.deadline, age});
    settled_.erase(age);
    const Hash id = it->second.id;
    by_age_.erase(it);
    forgotten_.emit(id);
}

void Deliveries::add_envelope(const Hash& id, const Hash& envelope, double pow) {
    auto* delivery = at(id);
    if (!delivery || delivery->envelopes.size() >= Delivery::kMaxEnvelopes) return;
    if (!by_envelope_.emplace(envelope, by_envelope_.at(id)).second) return;
    delivery->envelopes.push_back(envelope);
    delivery->pow = pow;
    tell(*delivery);
}

void Deliveries::note_out_of_reach(const Hash& id, double pow) {
    if (auto* delivery = at(id)) delivery->out_of_reach = std::min(delivery->out_of_reach, pow);
}

Delivery* Deliveries::at(const Hash& envelope) {
    if (by_envelope_.empty()) return nullptr;
    const auto it = by_envelope_.find(envelope);
    return it == by_envelope_.end() ? nullptr : &by_age_.at(it->second);
}

const Delivery* Deliveries::find(const Hash& envelope) const {
    const auto it = by_envelope_.find(envelope);
    return it == by_envelope_.end() ? nullptr : &by_age_.at(it->second);
}

std::size_t Deliveries::holders(const Delivery& delivery) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(delivery.acknowledged_by, [&](const auto& peer) { return !suspects_.contains(peer); }));
}

void Deliveries::judge(Age age, Delivery& delivery) {
    if (!by_deadline_.contains({delivery.deadline, age})) return;
    auto state = DeliveryState::sealed;
    if (!delivery.sent_to.empty()) state = DeliveryState::sent;
    if (!delivery.acknowledged_by.empty()) state = DeliveryState::acknowledged;
    if (holders(delivery) >= limits_.held_by) state = DeliveryState::held;
    delivery.state = state;
    if (delivery.settled()) settled_.insert(age);
}

template <class Concerned>
void Deliveries::judge_again(Concerned concerned) {
    // Whoever is told may post, and so move what is here.
    for (const auto& [deadline, age] : std::vector(by_deadline_.begin(), by_deadline_.end())) {
        const auto it = by_age_.find(age);
        if (it == by_age_.end() || !concerned(it->second)) continue;
        const auto before = it->second.state;
        judge(age, it->second);
        if (it->second.state != before) tell(it->second);
    }
}

void Deliveries::set_limits(const Limits& limits) {
    limits_ = limits;
    while (by_age_.size() > limits_.messages && !settled_.empty()) forget(*settled_.begin());
    judge_again([](const Delivery&) { return true; });
}

void Deliveries::on_sent(const Hash& envelope, const crypto::PeerId& peer, bool confirms) {
    auto* delivery = at(envelope);
    if (!delivery) return;
    const bool first = confirms && !delivery->confirms;
    delivery->confirms = delivery->confirms || confirms;
    if (!add_peer(delivery->sent_to, peer) && !first) return;
    judge(by_envelope_.at(envelope), *delivery);
    tell(*delivery);
}

void Deliveries::on_acknowledged(const Hash& envelope, const crypto::PeerId& peer) {
    auto* delivery = at(envelope);
    if (!delivery || !add_peer(delivery->acknowledged_by, peer)) return;
    judge(by_envelope_.at(envelope), *delivery);
    tell(*delivery);
}

void Deliveries::on_rejected(const Hash& envelope, const crypto::PeerId& peer, std::string_view reason) {
    auto* delivery = at(envelope);
    if (!delivery || contains(delivery->acknowledged_by, peer)) return;
    std::erase(delivery->sent_to, peer);
    delivery->reason = refusal(reason);
    judge(by_envelope_.at(envelope), *delivery);
    tell(*delivery);
}

void Deliveries::close(Age age, const Delivery& delivery) {
    by_deadline_.erase({delivery.deadline, age});
    settled_.insert(age);
}

void Deliveries::end(Age age, Delivery& delivery, DeliveryState state, std::string_view reason) {
    close(age, delivery);
    if (delivery.settled()) return;
    delivery.state = state;
    delivery.reason = reason.substr(0, Delivery::kMaxReason);
    tell(delivery);
}

void Deliveries::fail(const Hash& id, std::string_view reason) {
    if (auto* delivery = at(id)) end(by_envelope_.at(id), *delivery, DeliveryState::failed, reason);
}

void Deliveries::expire(std::uint64_t now, const WhyUnsent& why_unsent) {
    while (!by_deadline_.empty() && by_deadline_.begin()->first < now) {
        const auto age = by_deadline_.begin()->second;
        auto& delivery = by_age_.at(age);
        if (delivery.settled() || delivery.unconfirmable()) {
            close(age, delivery);
        } else {
            end(age, delivery, DeliveryState::expired, why_expired(delivery, why_unsent));
        }
    }
}

void Deliveries::set_suspect(const crypto::PeerId& peer, bool suspect) {
    // Those that died as suspects are never cleared: forgetting them all is better than a set without a bound.
    if (suspects_.size() >= kMaxSuspects) suspects_.clear();
    const bool changed = suspect ? suspects_.insert(peer).second : suspects_.erase(peer) > 0;
    if (!changed) return;
    judge_again([&](const Delivery& delivery) { return contains(delivery.acknowledged_by, peer); });
}

std::array<std::size_t, kDeliveryStates> Deliveries::counts() const {
    std::array<std::size_t, kDeliveryStates> counts{};
    for (const auto& [age, delivery] : by_age_) ++counts[static_cast<std::size_t>(delivery.state)];
    return counts;
}

std::vector<Hash> Deliveries::waiting() const {
    std::vector<Hash> all;
    for (const auto& [deadline, age] : by_deadline_) {
        const auto& delivery = by_age_.at(age);
        if (delivery.state == DeliveryState::sealed && !delivery.direct) all.push_back(delivery.id);
    }
    return all;
}

void Deliveries::tell(const Delivery& delivery) {
    // A subscriber may post, and so move what is here.
    const Delivery copy = delivery;
    changes_.emit(copy);
}

}  // namespace sotto::whisper
