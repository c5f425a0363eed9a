// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <functional>
#include <memory>

#include "base/env.hpp"
#include "node/limits.hpp"
#include "rpc/places.hpp"

namespace sotto::rpc {

/// Accepts the connections of one server, rpc-connections at once over all its listening sockets. Loop thread only.
class Acceptor {
  public:
    /// Serves one connection to its end. Takes over the connected socket; the place outlives it.
    using Serve = std::function<Task<void>(int socket, Place& place)>;

    /// The limits may change while it runs; they outlive it.
    Acceptor(Env env, const node::Limits& limits);
    ~Acceptor();

    /// Takes over a socket that listens. Before run().
    void add(int listening, Serve serve);
    /// Until stop(); the connections end with it.
    Task<void> run();
    void stop() noexcept;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace sotto::rpc
