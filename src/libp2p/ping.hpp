// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <string_view>

#include "base/env.hpp"
#include "net/stream.hpp"

/// libp2p/specs ping/ping.md: the dialler sends 32 random bytes, the listener sends them back, any number of times.
///
/// The worked example of a protocol on byte streams. It has all that a protocol needs: an id, one function a role over
/// a net::Stream, a line in services.cpp that serves it, and beside it a unit test, a simulation, a fuzz target and a
/// benchmark.
namespace sotto::libp2p {

inline constexpr std::string_view kPingId = "/ipfs/ping/1.0.0";
inline constexpr std::size_t kPingSize = 32;

/// The listener's side: answers until the peer ends its side. A cut ping is malformed.
Task<Result<void>> serve_ping(net::Stream& stream);

/// The dialler's side: one round trip. Another answer than what was sent is malformed. The caller limits the time by
/// resetting the stream.
Task<Result<Duration>> ping(Env env, net::Stream& stream);

}  // namespace sotto::libp2p
