// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/env.hpp"
#include "base/result.hpp"
#include "rpc/access.hpp"
#include "rpc/dispatcher.hpp"

namespace sotto::rpc {

struct ServerConfig {
    AccessConfig access;
    std::size_t max_connections = 256;
    std::size_t max_body = 5 * 1024 * 1024;
    std::size_t max_message = 1024 * 1024;  ///< one WebSocket message in
    std::size_t max_unsent = 1024 * 1024;   ///< to one WebSocket client; above, it is closed
    std::size_t max_calls = 16;             ///< of one WebSocket client at once
    /// Body of GET /health.
    std::function<std::string()> health;
};

/// JSON-RPC over HTTP POST and WebSocket on one port. Loop thread only.
class Server {
  public:
    Server(Env env, ServerConfig config, const Dispatcher& dispatcher);
    ~Server();

    /// "localhost" binds 127.0.0.1 and, where there is IPv6, ::1, both on the same port, or fails: a squatter on the
    /// other family could answer in our place. Port 0: the kernel chooses. Returns the first endpoint.
    Result<Endpoint> listen(const std::string& host, std::uint16_t port);
    Task<void> run();
    void stop() noexcept;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace sotto::rpc
