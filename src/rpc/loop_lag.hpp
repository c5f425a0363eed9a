// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <array>

#include "base/clock.hpp"

namespace sotto::rpc {

/// How late the loop runs what is due: one timer, seldom enough to cost an idle node nothing that counts. A single
/// stall shorter than the period may go unseen, one that lasts does not. Loop thread only.
class LoopLag {
  public:
    static constexpr Duration kPeriod = std::chrono::seconds(5);
    /// Upper bounds of the buckets, seconds.
    static constexpr std::array<double, 9> kBounds{0.001, 0.005, 0.01, 0.025, 0.1, 0.25, 0.5, 1, 5};

    struct Histogram {
        std::array<std::uint64_t, kBounds.size() + 1> counts{};  ///< a bucket, not cumulative; the last: above all
        double sum = 0;                                          ///< seconds
    };

    explicit LoopLag(Clock& clock);
    const Histogram& histogram() const noexcept { return histogram_; }
    /// Of the latest tick, or of the one that is overdue now.
    Duration latest() const noexcept;

  private:
    void arm();
    void tick();

    Clock& clock_;
    TimePoint due_;
    Duration latest_{};
    Histogram histogram_;
    Timer timer_;
};

}  // namespace sotto::rpc
