// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "base/timer_queue.hpp"

#include "base/assert.hpp"
#include "base/event.hpp"
#include "base/this_executor.hpp"

namespace sotto {

using Key = std::pair<Duration, std::uint64_t>;

struct Timer::Entry {
    std::weak_ptr<TimerQueue::Shared> queue;
    Key key;
};

struct TimerQueue::Shared {
    std::map<Key, std::move_only_function<void()>> calls;
    std::uint64_t next_sequence = 0;
};

Timer::Timer(std::shared_ptr<Entry> entry) noexcept : entry_(std::move(entry)) {}
Timer::Timer(Timer&& other) noexcept = default;
Timer& Timer::operator=(Timer&& other) noexcept {
    if (this != &other) {
        reset();
        entry_ = std::move(other.entry_);
    }
    return *this;
}
Timer::~Timer() {
    reset();
}

void Timer::reset() noexcept {
    if (!entry_) return;
    // The call is destroyed after the map is consistent again: it may own other timers.
    std::move_only_function<void()> dead;
    if (const auto queue = entry_->queue.lock()) {
        const auto it = queue->calls.find(entry_->key);
        if (it != queue->calls.end()) {
            dead = std::move(it->second);
            queue->calls.erase(it);
        }
    }
    entry_.reset();
}

bool Timer::armed() const noexcept {
    if (!entry_) return false;
    const auto queue = entry_->queue.lock();
    return queue && queue->calls.contains(entry_->key);
}

TimerQueue::TimerQueue() : shared_(std::make_shared<Shared>()) {}
TimerQueue::~TimerQueue() {
    clear();
}

Timer TimerQueue::arm(TimePoint due, std::move_only_function<void()> fire) {
    const Key key{due.since_start, shared_->next_sequence++};
    shared_->calls.emplace(key, std::move(fire));
    auto entry = std::make_shared<Timer::Entry>();
    entry->queue = shared_;
    entry->key = key;
    return Timer(std::move(entry));
}

std::optional<TimePoint> TimerQueue::next_due() const noexcept {
    if (shared_->calls.empty()) return std::nullopt;
    return TimePoint{shared_->calls.begin()->first.first};
}

void TimerQueue::fire_next() {
    SOTTO_ASSERT(!shared_->calls.empty(), "no timer is armed");
    auto node = shared_->calls.extract(shared_->calls.begin());
    node.mapped()();
}

std::size_t TimerQueue::size() const noexcept {
    return shared_->calls.size();
}

void TimerQueue::clear() noexcept {
    while (!shared_->calls.empty()) auto dead = shared_->calls.extract(shared_->calls.begin());
}

Task<void> sleep_for(Clock& clock, Duration delay) {
    Event event(co_await this_executor());
    const auto timer = clock.after(delay, [&event] { event.notify(); });
    co_await event.wait();
}

}  // namespace sotto
