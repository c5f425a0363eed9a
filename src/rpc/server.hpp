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
#include "rpc/event_log.hpp"
#include "rpc/http.hpp"

namespace sotto::rpc {

struct ServerConfig {
    AccessConfig access;
    /// Body of GET /health.
    std::function<std::string()> health;
    /// Body of GET /metrics in Prometheus' text format; empty: 404.
    std::function<std::string()> metrics;
    /// Asked for what the RPC itself does not serve: every GET but /health, /metrics and /events, every POST but to /.
    /// Token and cookie are not looked at: what comes may come from anybody who can reach the port. Nothing: 404.
    std::function<std::optional<HttpReply>(const HttpRequest&)> page;
    /// What GET /events tells. Null: 404. Outlives the server.
    EventLog* events = nullptr;
    /// Logs what a filter has caught, for those who read its messages at /events.
    std::function<Result<void>(const std::string& filter)> log_messages;
    /// Whether a Cookie header carries a session that the page has begun.
    std::function<bool(std::string_view cookie_header)> session;
};

/// JSON-RPC over HTTP POST and WebSocket on one port. Loop thread only.
class Server {
  public:
    /// The limits may change while it serves. They and the dispatcher outlive it.
    Server(Env env, const node::Limits& limits, ServerConfig config, const Dispatcher& dispatcher);
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
