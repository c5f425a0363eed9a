// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "messenger/backend.hpp"

#include "codec/multiaddr.hpp"

namespace sotto::messenger {

std::string Peer::short_address() const {
    const auto parsed = Multiaddr::parse(address);
    if (!parsed || parsed->ip().empty()) return address;
    const auto ip = ip_to_string(parsed->ip());
    return (parsed->ip().size() == 16 ? "[" + ip + "]" : ip) + ":" + std::to_string(parsed->tcp_port().value_or(0));
}

}  // namespace sotto::messenger
