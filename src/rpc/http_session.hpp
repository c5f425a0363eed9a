// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include "rpc/backlog.hpp"
#include "rpc/call_rate.hpp"
#include "rpc/places.hpp"
#include "rpc/server.hpp"

namespace sotto::rpc {

/// What all connections of the RPC port share.
struct HttpContext {
    Env env;
    const node::Limits& limits;
    const ServerConfig& config;
    const Dispatcher& dispatcher;
    CallRate& rate;
    Backlog& backlog;
};

/// Where a connection came in, and from where.
struct HttpPeer {
    Endpoint endpoint;
    std::string client;  ///< whose calls count together: client_at()
};

/// Serves one connection from its first request to its end, as HTTP or WebSocket. Takes over the connected TCP socket.
/// It has proven itself when a whole request was let in.
Task<void> serve_http(const HttpContext& context, int socket, HttpPeer peer, Place& place);

}  // namespace sotto::rpc
