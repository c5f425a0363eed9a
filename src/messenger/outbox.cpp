// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "messenger/outbox.hpp"

#include <algorithm>

namespace sotto::messenger {
namespace {

constexpr Duration kPatience = std::chrono::seconds(30);
constexpr std::size_t kMaxEarly = 64;
constexpr std::size_t kMaxKept = 1000;

/// What comes after what; a failure is told at once but may still be overtaken by a later acknowledgement.
int rank(Delivery delivery) noexcept {
    switch (delivery) {
        case Delivery::queued:
            return 0;
        case Delivery::failed:
            return 1;
        case Delivery::sent:
            return 2;
        case Delivery::acknowledged:
            return 3;
    }
    return 0;
}

}  // namespace

Outbox::Outbox(Env env, Backend& backend, OnDelivery on_delivery)
    : env_(env),
      backend_(backend),
      on_delivery_(std::move(on_delivery)),
      added_(env.executor),
      reachable_(env.executor),
      settled_(env.executor) {
    subscriptions_.push_back(backend_.progress.subscribe([this](const Progress& progress) { on_progress(progress); }));
    subscriptions_.push_back(backend_.peers_changed.subscribe([this] { reachable_.notify(); }));
}

std::size_t Outbox::add(Make make) {
    forget_oldest();
    auto& message = messages_[count_];
    message.make = std::move(make);
    message.patient_until = env_.clock->now() + kPatience;
    added_.notify();
    return count_++;
}

Task<void> Outbox::wait_for_room() {
    co_await wait_for_fewer(kMaxWaiting + 1);
}

/// What has settled may still get better, but not for ever.
void Outbox::forget_oldest() {
    while (messages_.size() >= kMaxKept && messages_.begin()->second.settled) {
        for (const auto& envelope : messages_.begin()->second.envelopes) by_hash_.erase(envelope.hash);
        messages_.erase(messages_.begin());
    }
}

Task<void> Outbox::run() {
    for (;;) {
        while (next_ < count_) co_await post(next_++);
        co_await added_.wait();
    }
}

Task<bool> Outbox::wait_until_reachable(TimePoint limit) {
    bool late = false;
    const auto timer = env_.clock->after(limit - env_.clock->now(), [this, &late] {
        late = true;
        reachable_.notify();
    });
    while (!backend_.reachable() && !late) co_await reachable_.wait();
    co_return backend_.reachable();
}

Task<void> Outbox::post(std::size_t number) {
    const auto queued = messages_.find(number);
    if (queued == messages_.end() || queued->second.settled) co_return;
    const bool somebody = co_await wait_until_reachable(queued->second.patient_until);
    if (!somebody) {
        fail_message(number, "no peer could be reached within 30 s; check the address behind --connect");
        co_return;
    }
    auto& message = messages_.at(number);
    const auto make = std::exchange(message.make, {});
    auto parts = co_await make();
    if (!parts) {
        fail_message(number, parts.error().message());
        co_return;
    }
    for (auto& part : *parts) {
        const auto hash = co_await backend_.post(std::move(part));
        if (!hash) {
            fail_message(number, hash.error().message());
            co_return;
        }
        message.envelopes.emplace_back().hash = *hash;
        by_hash_[*hash] = number;
        for (const auto& progress : std::exchange(early_, {})) on_progress(progress);
    }
    message.posted = true;
    update(number);
}

void Outbox::on_progress(const Progress& progress) {
    const auto known = by_hash_.find(progress.hash);
    if (known != by_hash_.end()) {
        const auto number = known->second;
        auto& envelopes = messages_.at(number).envelopes;
        apply(*std::ranges::find(envelopes, progress.hash, &Envelope::hash), progress);
        update(number);
        return;
    }
    if (early_.size() == kMaxEarly) early_.erase(early_.begin());
    early_.push_back(progress);
}

void Outbox::apply(Envelope& envelope, const Progress& progress) {
    // A peer that confirms nothing has it for all we shall ever know: that it expires later changes nothing.
    const bool done =
        envelope.delivery == Delivery::acknowledged || (envelope.delivery == Delivery::sent && !envelope.expects_more);
    if (done && progress.delivery == Delivery::failed) return;
    if (progress.delivery == Delivery::sent) envelope.expects_more = envelope.expects_more || progress.expects_more;
    const bool fails = progress.delivery == Delivery::failed && envelope.delivery != Delivery::failed;
    if (!fails && rank(progress.delivery) <= rank(envelope.delivery)) return;
    envelope.delivery = progress.delivery;
    envelope.why = progress.why;
}

/// A message is as far as the last of its envelopes.
void Outbox::update(std::size_t number) {
    auto& message = messages_.at(number);
    if (!message.posted) return;
    const auto last = std::ranges::min_element(
        message.envelopes, {}, [](const Envelope& envelope) { return rank(envelope.delivery); });
    const auto settles = [](const Envelope& envelope) {
        return envelope.delivery != Delivery::queued && !(envelope.delivery == Delivery::sent && envelope.expects_more);
    };
    message.settled = std::ranges::all_of(message.envelopes, settles);
    if (message.delivery != last->delivery) set_delivery(number, message, last->delivery, last->why);
    settled_.notify();
}

void Outbox::fail_message(std::size_t number, const std::string& why) {
    auto& message = messages_.at(number);
    message.settled = true;
    set_delivery(number, message, Delivery::failed, why);
    settled_.notify();
}

void Outbox::set_delivery(std::size_t number, Message& message, Delivery delivery, const std::string& why) {
    message.delivery = delivery;
    if (delivery == Delivery::failed) {
        failed_.insert(number);
    } else {
        failed_.erase(number);
    }
    on_delivery_(number, delivery, why);
}

Task<void> Outbox::settle() {
    co_await wait_for_fewer(1);
}

Task<void> Outbox::wait_for_fewer(std::size_t messages) {
    while (!given_up_ && count_waiting() >= messages) co_await settled_.wait();
}

bool Outbox::is_waited_for(const Message& message) const noexcept {
    const bool handed_over = leaving_ && message.posted && backend_.outlives_us();
    return !message.settled && !handed_over;
}

std::size_t Outbox::count_waiting() const noexcept {
    const auto waited_for = [this](const auto& entry) { return is_waited_for(entry.second); };
    return static_cast<std::size_t>(std::ranges::count_if(messages_, waited_for));
}

void Outbox::leave_within(Duration grace) {
    leaving_ = true;
    last_call_ = env_.clock->after(grace, [this] { give_up(); });
    settled_.notify();
}

void Outbox::give_up() {
    for (const auto& [number, message] : messages_) {
        if (is_waited_for(message) && message.delivery == Delivery::queued) {
            fail_message(number, "nobody had it when the chat ended");
        }
    }
    given_up_ = true;
    settled_.notify();
}

}  // namespace sotto::messenger
