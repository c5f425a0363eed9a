// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <memory>
#include <utility>

#include "base/clock.hpp"
#include "net/stream.hpp"

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

/// The link of a pipe while it lives: cut, it holds all bytes back until it is healed.
class LinkControl {
  public:
    void cut() noexcept { cut_ = true; }
    void heal() noexcept { cut_ = false; }
    bool is_cut() const noexcept { return cut_; }

  private:
    bool cut_ = false;
};

using StreamPair = std::pair<std::unique_ptr<net::Stream>, std::unique_ptr<net::Stream>>;

/// Two connected streams.
StreamPair make_pipe(World& world, const Link& link = {}, std::shared_ptr<LinkControl> control = nullptr);

}  // namespace sotto::sim
