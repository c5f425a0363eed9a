// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <memory>

#include "libp2p/local.hpp"
#include "net/transport.hpp"

namespace sotto::libp2p {

/// Makes libp2p connections of raw streams: multistream-select, Noise with the early choice of the muxer, yamux. As a
/// dialler the proposal, the first Noise message and later the first bytes of a stream wait for no answer: a stream's
/// first byte is back three round trips after the dial began, TCP's own included. Its connections are
/// libp2p::Connection.
std::unique_ptr<net::Upgrader> make_libp2p_upgrader(Env env, Config config);

}  // namespace sotto::libp2p
