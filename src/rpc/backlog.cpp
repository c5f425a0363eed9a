// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/backlog.hpp"

#include <algorithm>
#include <utility>

namespace sotto::rpc {

Backlog::Share::Share(Backlog& backlog, std::function<void()> close)
    : backlog_(backlog), close_(std::move(close)), place_(backlog.waiting_.end()) {}

void Backlog::Share::set(std::uint64_t bytes) {
    // What is larger than all may be has to pass too.
    const auto now = std::min(bytes, backlog_.most_);
    const auto before = bytes_;
    if (before == 0 || now < before) {
        leave();
        if (now > 0) place_ = backlog_.waiting_.insert(backlog_.waiting_.end(), this);
    }
    backlog_.bytes_ += now - bytes_;
    bytes_ = now;
    if (now > before) backlog_.make_room(*this);
}

void Backlog::Share::leave() {
    if (bytes_ == 0) return;
    backlog_.bytes_ -= std::exchange(bytes_, 0);
    backlog_.waiting_.erase(place_);
}

void Backlog::make_room(const Share& newest) {
    while (bytes_ > most_) {
        auto& oldest = *(waiting_.front() == &newest ? *std::next(waiting_.begin()) : waiting_.front());
        oldest.leave();
        oldest.close_();
    }
}

}  // namespace sotto::rpc
