// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <memory>
#include <string>

#include "rpc/conversation.hpp"

namespace sotto::rpc {

/// The client's side of a WebSocket: `url` is "ws://HOST:PORT" or "http://HOST:PORT"; with a token, admin calls are
/// possible. Errors: invalid_argument for what is no URL; unreachable, with what to do; refused.
Task<Result<std::unique_ptr<MessageChannel>>> connect_websocket(
    Env env, std::string url, std::string token, Deadline deadline, MaxMessage max_message);

/// The node's side: agrees to the upgrade that `head`, an HTTP request up to its empty line, asks for. Takes over the
/// connected TCP socket. Errors: malformed; reset, also for a request that asks for no WebSocket, which is told so.
Task<Result<std::unique_ptr<MessageChannel>>> accept_websocket(
    Env env, int socket, bool v6, std::string head, MaxMessage max_message);

}  // namespace sotto::rpc
