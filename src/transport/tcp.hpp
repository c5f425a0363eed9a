// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <memory>

#include "net/transport.hpp"

namespace sotto::transport {

/// TCP over IPv4 and IPv6: /ip4|ip6|dns|dns4|dns6/…/tcp/PORT, with /rlpx behind it kept in the addresses it reports,
/// but not /p2p. Listeners on IPv6 take IPv6 alone, so both families can be bound. A name's addresses are tried in the
/// order of the system's resolver, each for its share of the time. Loop thread only.
std::unique_ptr<net::Transport> make_tcp_transport(Env env);

/// What the transport can dial, and listen on: that takes an IP address, no name. Whether the machine has it is another
/// matter.
bool can_dial_tcp(const Multiaddr& address) noexcept;
bool can_listen_tcp(const Multiaddr& address) noexcept;

}  // namespace sotto::transport
