// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>

namespace sotto::rpc {

class Places;

/// One connection's place, until this goes. Outlived by its Places.
class Place {
  public:
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place();

    /// The connection has sent a whole request that was let in: from now on the place is its own.
    void prove() noexcept { proven_ = true; }
    /// What ends the connection when another one gets its place; called at once if one has.
    void on_loss(std::function<void()> close);

  private:
    friend class Places;
    explicit Place(Places& places);

    Places* places_;  ///< null: lost
    std::list<Place*>::iterator where_;
    std::function<void()> close_;
    bool proven_ = false;
};

/// The places for the connections of one server. Who connects and says nothing keeps nobody out: when all are taken,
/// the oldest connection that has not proven itself loses its own. Loop thread only.
class Places {
  public:
    Places() = default;
    Places(const Places&) = delete;
    Places& operator=(const Places&) = delete;

    /// One of `most`. Null: all belong to connections that have proven themselves.
    std::unique_ptr<Place> take(std::uint64_t most);
    std::size_t taken() const noexcept { return taken_.size(); }

  private:
    friend class Place;
    std::list<Place*> taken_;  ///< the oldest first
};

}  // namespace sotto::rpc
