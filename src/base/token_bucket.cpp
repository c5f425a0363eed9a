// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "base/token_bucket.hpp"

#include <algorithm>
#include <cmath>

namespace sotto {

double TokenBucket::tokens_at(TimePoint now) const noexcept {
    if (now <= at_) return tokens_;
    const double seconds = std::chrono::duration<double>(now - at_).count();
    return std::min(capacity_, tokens_ + rate_ * seconds);
}

Duration TokenBucket::debt_after(double amount, TimePoint now) noexcept {
    if (std::isinf(rate_)) return Duration::zero();
    tokens_ = tokens_at(now);
    at_ = std::max(at_, now);
    const double left = tokens_ - amount;
    if (left >= 0) return Duration::zero();
    // Clamped before it becomes an integer: a small rate makes any length.
    constexpr double kLongest = 60;
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(std::min(-left / rate_, kLongest)));
}

bool TokenBucket::try_take(double amount, TimePoint now) noexcept {
    if (debt_after(amount, now) > Duration::zero()) return false;
    take(amount);
    return true;
}

bool TokenBucket::full(TimePoint now) const noexcept {
    return std::isinf(rate_) || tokens_at(now) >= capacity_;
}

}  // namespace sotto
