// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <string>

#include "node/node.hpp"
#include "rpc/dispatcher.hpp"
#include "rpc/loop_lag.hpp"

namespace sotto::rpc {

/// What GET /metrics and GET /health say of a running node. The arguments outlive it. Loop thread only.
class Monitor {
  public:
    Monitor(const node::Node& node, const Dispatcher& dispatcher);
    Monitor(const Monitor&) = delete;
    Monitor& operator=(const Monitor&) = delete;

    std::string metrics() const;
    std::string health() const;

  private:
    const node::Node& node_;
    const Dispatcher& dispatcher_;
    LoopLag lag_;
    /// Kept, so that it is the same in every scrape whatever happens to the clock.
    WallTime started_;
    TimePoint started_at_;
};

}  // namespace sotto::rpc
