// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <functional>
#include <memory>

#include "crypto/keys.hpp"
#include "devp2p/connection.hpp"
#include "net/transport.hpp"

namespace sotto::devp2p {

struct Config {
    crypto::PrivateKey identity;                        ///< secp256k1
    std::string client;                                 ///< "Sotto/v0.1.0/linux-amd64/clang19"
    std::vector<const net::ProtocolSpec*> protocols{};  ///< offered; they outlive all that is made with them
    ConnectionConfig connection{};
    std::function<std::size_t()> outbox_bytes{};  ///< asked for each connection; empty: as `connection` has it
    /// A failed handshake is closed so long after the peer's last byte, whatever was wrong: time tells nothing.
    Duration failure_delay = std::chrono::seconds(1);
};

/// Makes RLPx connections of raw streams: handshake, then Hello both ways. useless: no capability in common (the peer
/// is told).
std::unique_ptr<net::Upgrader> make_rlpx_upgrader(Env env, Config config);

}  // namespace sotto::devp2p
