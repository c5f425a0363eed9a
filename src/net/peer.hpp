// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <compare>

#include "codec/multiaddr.hpp"
#include "crypto/keys.hpp"

namespace sotto::net {

/// Who a connection was authenticated as. The peer id names the peer on both networks: a devp2p node id is the peer id
/// of its secp256k1 key.
struct PeerIdentity {
    crypto::PublicKey key;
    crypto::PeerId id;

    PeerIdentity() = default;
    explicit PeerIdentity(crypto::PublicKey public_key) : key(std::move(public_key)), id(key) {}
    friend bool operator==(const PeerIdentity& a, const PeerIdentity& b) noexcept { return a.id == b.id; }
};

enum class Network : std::uint8_t { devp2p, libp2p };
enum class Role : std::uint8_t { dialer, listener };

/// "rlpx" and "libp2p", as the RPC names them.
std::string_view to_string(Network network) noexcept;

/// The network that an address belongs to: devp2p if it has an /rlpx part.
Network network_of(const Multiaddr& address) noexcept;

/// enode://<128 hex>@IP:PORT[?discport=N] as a multiaddr /ip4/…/tcp/…/rlpx/p2p/…, and back. IPv6 in brackets.
Result<Multiaddr> parse_enode(std::string_view text);
Result<std::string> to_enode(const Multiaddr& address);
/// Either form.
Result<Multiaddr> parse_address(std::string_view text);

}  // namespace sotto::net
