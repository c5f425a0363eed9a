// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <memory>
#include <string>

#include "rpc/conversation.hpp"

namespace sotto::rpc {

/// The client's side of a WebSocket: `url` is "ws://HOST:PORT" or "http://HOST:PORT"; with a token, admin calls are
/// possible. Errors: invalid_argument for what is no URL; unreachable, with what to do; refused.
Task<Result<std::unique_ptr<MessageChannel>>> connect_websocket(
    Env env, std::string url, std::string token, Deadline deadline, std::size_t max_message);

}  // namespace sotto::rpc
