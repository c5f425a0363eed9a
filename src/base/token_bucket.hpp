// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <limits>

#include "base/clock.hpp"

namespace sotto {

/// A rate that may run into debt: what costs more than there is can be taken at once and be paid for by waiting. Begins
/// full. Pure: time comes in.
class TokenBucket {
  public:
    static constexpr double kUnlimited = std::numeric_limits<double>::infinity();

    /// Holds `burst` seconds' worth.
    TokenBucket(double per_second, double burst) noexcept
        : rate_(per_second), capacity_(per_second * burst), tokens_(capacity_) {}

    /// How long until the debt is paid if `amount` is taken now; a minute stands for more.
    Duration debt_after(double amount, TimePoint now) noexcept;
    void take(double amount) noexcept { tokens_ -= amount; }
    /// Takes what can be taken without debt. False: nothing was.
    bool try_take(double amount, TimePoint now) noexcept;
    bool full(TimePoint now) const noexcept;
    /// When it was last looked at.
    TimePoint last_use() const noexcept { return at_; }

  private:
    double tokens_at(TimePoint now) const noexcept;

    double rate_;
    double capacity_;
    double tokens_;
    TimePoint at_{};
};

}  // namespace sotto
