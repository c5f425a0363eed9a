// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <filesystem>
#include <memory>

#include "rpc/conversation.hpp"

namespace sotto::rpc {

/// Messages over a connected Unix socket, each one JSON object or array; takes over the socket. Every message is
/// written with a line feed behind it. A larger message than `max_message` says is too_large.
std::unique_ptr<MessageChannel> make_ipc_channel(const Executor& executor, int socket, MaxMessage max_message);

/// The client's side. Errors: unreachable, with what to do; those of SocketPath.
Task<Result<std::unique_ptr<MessageChannel>>> connect_ipc(Env env, std::filesystem::path path, MaxMessage max_message);

}  // namespace sotto::rpc
