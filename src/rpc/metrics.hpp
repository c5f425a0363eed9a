// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <string>

#include "node/node.hpp"
#include "rpc/dispatcher.hpp"
#include "rpc/loop_lag.hpp"

namespace sotto::rpc {

/// What a scrape looks at; all of it outlives the call.
struct MetricsSources {
    const node::Node& node;
    const CallCounters& calls;
    const LoopLag& lag;
    WallTime started;   ///< of the process
    Duration uptime{};  ///< since then, by the monotonic clock
};

/// All series in Prometheus' text format 0.0.4, taken from counters that are kept anyway. Every label value comes from
/// a fixed set: nothing that a remote chooses is one. The series are described in docs/operating.md. Loop thread only.
std::string render_metrics(const MetricsSources& sources);

}  // namespace sotto::rpc
