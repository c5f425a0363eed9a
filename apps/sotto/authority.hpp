// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <string>
#include <vector>

#include "rpc/access.hpp"

namespace sotto::app {

/// HOST:PORT at which a listener of the RPC is called on this machine, IPv6 in brackets. One on all addresses is called
/// by the loopback one.
std::string local_authority(const rpc::Endpoint& endpoint);
/// The same for a browser that may be elsewhere: a listener on all addresses is called by the first name that was
/// allowed, else by the address of an interface.
std::string page_authority(const rpc::Endpoint& endpoint, const std::vector<std::string>& vhosts);

}  // namespace sotto::app
