// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/monitor.hpp"

#include "rpc/health.hpp"
#include "rpc/metrics.hpp"

namespace sotto::rpc {

Monitor::Monitor(const node::Node& node, const Dispatcher& dispatcher)
    : node_(node),
      dispatcher_(dispatcher),
      lag_(*node.env().clock),
      started_(node.env().clock->wall()),
      started_at_(node.env().clock->now()) {}

std::string Monitor::metrics() const {
    return render_metrics({.node = node_,
                           .calls = dispatcher_.counters(),
                           .lag = lag_,
                           .started = started_,
                           .uptime = node_.env().clock->now() - started_at_});
}

std::string Monitor::health() const {
    return render_health(node_, lag_);
}

}  // namespace sotto::rpc
