// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/backlog.hpp"

#include <algorithm>
#include <utility>

namespace sotto::rpc {

Backlog::Share::Share(Backlog& backlog, std::function<void()> close)
    : backlog_(backlog), close_(std::move(close)), place_(backlog.waiting_.end()) {}

void Backlog::Share::set(std::uint64_t bytes) {
    auto& waiting = backlog_.waiting_;
    // What is larger than all may be has to pass too.
    const auto before = std::exchange(bytes_, std::min(bytes, backlog_.most_));
    backlog_.bytes_ += bytes_ - before;
    if (before == 0 || bytes_ < before) {
        if (before > 0) waiting.erase(place_);
        if (bytes_ > 0) place_ = waiting.insert(waiting.end(), this);
    }
    if (bytes_ > before) backlog_.make_room(*this);
}

void Backlog::make_room(const Share& newest) {
    while (bytes_ > most_) {
        auto& oldest = *(waiting_.front() == &newest ? *std::next(waiting_.begin()) : waiting_.front());
        oldest.set(0);
        oldest.close_();
    }
}

}  // namespace sotto::rpc
