// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <utility>

namespace sotto::log {

/// Drops what exceeds the quota of the running minute, so that a flood from outside cannot fill the disk.
class Quota {
  public:
    explicit Quota(std::size_t bytes_per_minute) : limit_(bytes_per_minute) {}

    struct Verdict {
        bool allowed;
        std::size_t dropped_before;  ///< lines dropped in the last minute that had any, told once
    };
    /// A line of `bytes` is to be written in minute `now`.
    Verdict take(std::chrono::minutes now, std::size_t bytes) {
        std::size_t dropped_before = 0;
        if (now != minute_) {
            minute_ = now;
            used_ = 0;
            dropped_before = std::exchange(dropped_, 0);
        }
        const bool allowed = bytes <= limit_ - used_;
        used_ += allowed ? bytes : 0;
        dropped_ += allowed ? 0 : 1;
        return {allowed, dropped_before};
    }

  private:
    std::size_t limit_;
    std::chrono::minutes minute_{};
    std::size_t used_ = 0;
    std::size_t dropped_ = 0;
};

}  // namespace sotto::log
