// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <algorithm>
#include <cstdint>

namespace sotto::chat {

/// Orders a conversation: each message is later than all that its sender had read. Status counts in hundredths of a
/// millisecond since 1970.
class LamportClock {
  public:
    /// For the next message; `now` in milliseconds since 1970.
    std::uint64_t next(std::uint64_t now) noexcept { return last_ = std::max(last_ + 1, now * kTicks); }
    /// Of a message that came. One that lies absurdly far ahead is not followed: otherwise any stranger could push a
    /// channel's clock beyond what JavaScript's numbers hold.
    void observe(std::uint64_t clock, std::uint64_t now) noexcept {
        if (clock <= (now + kMaxLead) * kTicks) last_ = std::max(last_, clock);
    }

  private:
    static constexpr std::uint64_t kTicks = 100;  ///< a millisecond
    /// Status's bots begin 31 days ahead.
    static constexpr std::uint64_t kMaxLead = std::uint64_t{62} * 24 * 3600 * 1000;

    std::uint64_t last_ = 0;
};

}  // namespace sotto::chat
