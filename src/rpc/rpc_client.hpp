// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <boost/json/fwd.hpp>
#include <memory>
#include <string>

#include "base/env.hpp"
#include "base/result.hpp"

namespace sotto::rpc {

/// A JSON-RPC client over WebSocket or IPC, for the verbs that use a running node. Calls may overlap; each must end
/// before the client is destroyed. Loop thread only.
class RpcClient {
  public:
    /// `url`: "ws://HOST:PORT", "http://HOST:PORT" or "ipc:PATH". With a token, or over IPC, admin calls are possible.
    static Task<Result<std::unique_ptr<RpcClient>>> connect(Env env,
                                                            std::string url,
                                                            std::string token,
                                                            Deadline deadline);
    ~RpcClient();

    /// The result; the node's error becomes Errc::refused with its text, a method that it lacks unsupported.
    /// Notifications that come meanwhile are kept (10,000 at most, then dropped).
    Task<Result<boost::json::value>> call(std::string method, boost::json::array params);
    /// "params" of the next notification. Errors, here and above: closed, malformed; the client is of no use then.
    Task<Result<boost::json::value>> next_notification();
    /// Every call that waits, and every later one, fails with closed.
    void close() noexcept;

  private:
    struct Impl;
    explicit RpcClient(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace sotto::rpc
