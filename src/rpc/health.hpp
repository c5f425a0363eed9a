// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <string>

#include "node/node.hpp"
#include "rpc/loop_lag.hpp"

namespace sotto::rpc {

/// Body of GET /health, one JSON object: `status` "ok" as long as there is an answer, `nodeHealth` "ready" or
/// "degraded" with the `problems` (texts that say what to do), `connectionStatus` "connected" or "disconnected",
/// `peers` and `peersByNetwork`, `protocolsHealth`. Loop thread only.
std::string render_health(const node::Node& node, const LoopLag& lag);

}  // namespace sotto::rpc
