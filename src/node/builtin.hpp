// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include "node/node.hpp"

namespace sotto::node {

/// The registration lines: every transport, upgrader and protocol of the node. A new one is one folder and one line
/// here.
Node::Transports builtin_transports(Env env);
/// Whether one of these transports can listen there, and dial that peer. Errors (invalid_argument) say what is valid.
/// Pure: whether the machine has the address, and whether anybody is there, shows later.
Result<void> check_listen(const Multiaddr& address);
Result<void> check_peer(const Multiaddr& address);
/// Upgraders and protocols. `host` is set before the first connection; identify asks it for the listen addresses.
/// `config` outlives them: each connection is made by its limits of that moment.
Host::Parts builtin_parts(
    Env env, const Config& config, const Identities& identities, whisper::Whisper& whisper, Host* const* host);

}  // namespace sotto::node
