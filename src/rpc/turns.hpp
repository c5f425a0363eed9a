// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <list>

#include "base/event.hpp"
#include "base/result.hpp"

namespace sotto::rpc {

class Turns;

/// The right to go on; the next in line gets it when this goes. Outlived by its Turns.
class [[nodiscard]] Turn {
  public:
    Turn(Turn&& other) noexcept;
    Turn& operator=(Turn&&) = delete;
    ~Turn();

  private:
    friend class Turns;
    explicit Turn(Turns& turns);
    Turns* turns_;
    std::list<Event>::iterator place_;
};

/// One at a time, first come first served, for work that takes much memory. Loop thread only.
class Turns {
  public:
    /// `waiting`: how many may stand in line; later ones are told busy.
    Turns(Executor executor, std::size_t waiting) : executor_(std::move(executor)), waiting_(waiting) {}
    Turns(const Turns&) = delete;
    Turns& operator=(const Turns&) = delete;

    /// Whoever is cancelled in line leaves it.
    Task<Result<Turn>> take();

  private:
    friend class Turn;
    Executor executor_;
    std::size_t waiting_;
    std::list<Event> line_;  ///< the first one has the turn
};

}  // namespace sotto::rpc
