// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace sotto::whisper {

/// How old the envelopes were that one peer passed on lately, by our clock: a bounded sample. Pure. Loop thread only.
class LagSample {
  public:
    static constexpr std::size_t kEnough = 4;
    static constexpr std::size_t kMost = 64;

    /// Seconds from when an envelope was made, by its own account, to when it came. Further ones than kMost are left
    /// out.
    void add(std::int64_t lag);
    /// Seconds that our clock is ahead of what this peer passes on (negative: behind); 0 while the sample is small or
    /// says nothing. Old envelopes may only be late, so ahead means that none was fresh; what comes from the future is
    /// believed when most of it does, since one sender's clock may be wrong.
    std::int64_t ahead() const;
    bool enough() const noexcept { return lags_.size() >= kEnough; }
    void clear() noexcept { std::vector<std::int64_t>().swap(lags_); }

  private:
    std::vector<std::int64_t> lags_;
};

/// Whisper drops what is more than 10 s ahead of its clock; from 5 s on the operator should know.
inline constexpr std::int64_t kClockTolerance = 5;

/// Seconds that our clock is ahead of the peers' (negative: behind) when at least two of them have enough to say and
/// all of these agree that it is more than kClockTolerance off; the smallest of what they say.
std::optional<std::int64_t> clock_offset(std::span<const LagSample* const> peers);

}  // namespace sotto::whisper
