// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <memory>

#include "net/transport.hpp"

namespace sotto::transport {

/// The names that listen in one process. Loop thread only.
class MemoryNetwork;
std::shared_ptr<MemoryNetwork> make_memory_network();

/// /memory/NAME: streams inside the process, for nodes that share `network` and a loop. Behind the name /rlpx is kept
/// in the addresses that it reports, but not /p2p. The dialling end gets a name of its own: NAME-1, NAME-2, …
std::unique_ptr<net::Transport> make_memory_transport(Env env, std::shared_ptr<MemoryNetwork> network);

}  // namespace sotto::transport
