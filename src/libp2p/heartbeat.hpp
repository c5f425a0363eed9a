// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <string_view>

#include "net/stream.hpp"

/// The heartbeat of Status's libp2p integration of 2018 (status-im/whisper, branch `server`, ping.go): single bytes, 1
/// a ping, 2 its answer, others mean nothing. Each end pings; a node of theirs sends no envelope to a peer that it has
/// heard neither ping nor answer from for its period, beginning with none.
namespace sotto::libp2p {

inline constexpr std::string_view kHeartbeatId = "/ping/0.0.1";

/// The listener's side: pings once, so that the peer has heard of us, and answers until the peer ends its side. Our own
/// liveness checks are the muxer's.
Task<Result<void>> serve_heartbeat(net::Stream& stream);

}  // namespace sotto::libp2p
