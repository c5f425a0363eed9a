// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "whisper/clock_check.hpp"

#include <algorithm>
#include <cstdlib>

namespace sotto::whisper {

void LagSample::add(std::int64_t lag) {
    if (lags_.size() < kMost) lags_.push_back(lag);
}

std::int64_t LagSample::ahead() const {
    if (!enough()) return 0;
    auto sorted = lags_;
    std::ranges::sort(sorted);
    if (sorted.front() > kClockTolerance) return sorted.front();
    const auto median = sorted[sorted.size() / 2];
    return median < -kClockTolerance ? median : 0;
}

std::optional<std::int64_t> clock_offset(std::span<const LagSample* const> peers) {
    std::size_t heard = 0;
    std::int64_t least = 0;
    for (const auto* peer : peers) {
        if (!peer->enough()) continue;
        const auto ahead = peer->ahead();
        const bool contradicts = heard > 0 && (ahead > 0) != (least > 0);
        if (ahead == 0 || contradicts) return std::nullopt;
        if (heard++ == 0 || std::abs(ahead) < std::abs(least)) least = ahead;
    }
    if (heard < 2) return std::nullopt;
    return least;
}

}  // namespace sotto::whisper
