// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <memory>

#include "base/clock.hpp"
#include "base/signal.hpp"
#include "net/pipe.hpp"

namespace sotto::sim {

class World;

/// What a link does to the bytes of a stream. As under TCP nothing is lost or reordered: loss shows as delay.
struct Link {
    Duration latency{};
    Duration jitter{};                 ///< at most so much more, at random
    double loss = 0;                   ///< of chunks of up to 1,400 bytes: each costs a retransmission
    std::size_t window = 256 * 1024;   ///< bytes under way and unread; writers suspend above
    std::size_t bytes_per_second = 0;  ///< 0: unlimited
    std::size_t max_read = 0;          ///< a read returns at most so many bytes, at random from 1; 0: what is there
};

/// The hand of a test on the pipes of one link.
class LinkControl {
  public:
    /// Holds all bytes back until it is healed.
    void cut() noexcept { cut_ = true; }
    void heal() {
        cut_ = false;
        healed.emit();
    }
    bool is_cut() const noexcept { return cut_; }
    /// As if a box in between sent RST to both ends: Errc::reset, and what is under way or unread is lost.
    void reset() { broken.emit(); }

    /// For the pipes.
    Signal<> healed;
    Signal<> broken;

  private:
    bool cut_ = false;
};

using StreamPair = net::StreamPair;

/// Two connected streams.
StreamPair make_pipe(World& world, const Link& link = {}, std::shared_ptr<LinkControl> control = nullptr);

}  // namespace sotto::sim
