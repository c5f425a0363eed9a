// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/loop_lag.hpp"

#include <algorithm>

namespace sotto::rpc {

LoopLag::LoopLag(Clock& clock) : clock_(clock) {
    arm();
}

Duration LoopLag::latest() const noexcept {
    return std::max(latest_, clock_.now() - due_);
}

void LoopLag::arm() {
    due_ = clock_.now() + kPeriod;
    timer_ = clock_.after(kPeriod, [this] { tick(); });
}

void LoopLag::tick() {
    latest_ = std::max(Duration::zero(), clock_.now() - due_);
    const auto seconds = std::chrono::duration<double>(latest_).count();
    const auto bucket = std::ranges::lower_bound(kBounds, seconds) - kBounds.begin();
    ++histogram_.counts[static_cast<std::size_t>(bucket)];
    histogram_.sum += seconds;
    arm();
}

}  // namespace sotto::rpc
