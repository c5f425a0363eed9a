// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <filesystem>
#include <memory>

#include "rpc/conversation.hpp"

namespace sotto::rpc {

/// JSON-RPC over a Unix socket, as geth's IPC: JSON values one after the other, each way. Whoever runs as the user of
/// this process may do everything; nobody else gets in, whatever the mode of the file says. Loop thread only.
class IpcServer {
  public:
    /// The limits may change while it serves. They and the dispatcher outlive it.
    IpcServer(Env env, std::filesystem::path path, const node::Limits& limits, const Dispatcher& dispatcher);
    /// Removes the socket.
    ~IpcServer();

    /// Makes the socket with mode 0600 from its first moment. A socket that nobody listens on any more, left by a
    /// process that was killed, is replaced. Errors: in_use; exists, where something else has that name; io;
    /// those of SocketPath.
    Result<void> listen();
    Task<void> run();
    void stop() noexcept;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace sotto::rpc
