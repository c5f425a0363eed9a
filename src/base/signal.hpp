// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace sotto {

/// Ends a subscription when it is destroyed. May outlive the signal.
class [[nodiscard]] Subscription {
  public:
    Subscription() = default;
    explicit Subscription(std::shared_ptr<void> keep) noexcept : keep_(std::move(keep)) {}
    void reset() noexcept { keep_.reset(); }

  private:
    std::shared_ptr<void> keep_;
};

/// Tells any number of subscribers, in the order in which they came, each at once and inside emit(). A subscriber may
/// end its own or another's subscription, or make a new one, meanwhile, but must not destroy the signal. Loop thread
/// only.
template <class... Args>
class Signal {
  public:
    using Handler = std::move_only_function<void(const Args&...)>;

    Subscription subscribe(Handler handler) {
        // Where nothing is emitted for long, those that have ended would pile up.
        if (depth_ == 0) forget_ended();
        auto slot = std::make_shared<Handler>(std::move(handler));
        slots_.push_back(slot);
        return Subscription(std::move(slot));
    }
    void emit(const Args&... args) {
        // By index: a handler may lengthen the list. It is shortened only when no emit() is under way.
        const auto count = slots_.size();
        bool ended = false;
        ++depth_;
        for (std::size_t i = 0; i < count; ++i) {
            if (const auto slot = slots_[i].lock()) {
                (*slot)(args...);
            } else {
                ended = true;
            }
        }
        if (--depth_ == 0 && ended) forget_ended();
    }

  private:
    void forget_ended() {
        std::erase_if(slots_, [](const auto& slot) { return slot.expired(); });
    }

    std::vector<std::weak_ptr<Handler>> slots_;
    std::size_t depth_ = 0;
};

}  // namespace sotto
