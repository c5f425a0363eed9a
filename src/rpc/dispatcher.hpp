// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <boost/json/fwd.hpp>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.hpp"
#include "base/result.hpp"
#include "base/signal.hpp"
#include "node/limits.hpp"
#include "rpc/access.hpp"

namespace sotto::rpc {

namespace json = boost::json;

/// Who calls: one HTTP request, or one WebSocket for as long as it lasts. Loop thread only.
class Client {
  public:
    virtual ~Client() = default;
    virtual Rights rights() const noexcept = 0;
    /// Came with the token.
    bool admin() const noexcept { return rights() == Rights::admin; }
    /// Came with the token, or with a session of the page.
    bool owner() const noexcept { return admin() || rights() == Rights::session; }
    /// Counts one call. False: this client makes too many.
    virtual bool take_call() { return true; }
    /// Can be told things later: a WebSocket or IPC.
    virtual bool can_notify() const noexcept { return false; }
    /// Queues one message; a client that does not read is closed.
    virtual void notify(std::string) {}

    /// Alive subscriptions of this client, by id; they end with it.
    std::map<std::string, Subscription, std::less<>> subscriptions;
};

/// Errc::malformed becomes "invalid params" (-32602), everything else a server error (-32000); the text is the error's
/// detail.
using Method = std::function<Task<Result<json::value>>(Client&, const json::array&)>;

/// How calls ended since the start, for metrics. No caller can make it grow.
struct CallCounters {
    struct OfNamespace {
        std::uint64_t ok = 0;
        std::uint64_t failed = 0;
        std::uint64_t refused = 0;  ///< the caller has no right to it
    };
    std::map<std::string, OfNamespace, std::less<>> namespaces;
    std::uint64_t unknown = 0;  ///< no such method
    std::uint64_t invalid = 0;  ///< no JSON, no request, or a batch above its bound
    std::uint64_t limited = 0;  ///< the caller makes too many, or all together ask for too much at once
};

/// JSON-RPC 2.0 (jsonrpc.org/specification) over any transport. Loop thread only.
class Dispatcher {
  public:
    struct Bounds {
        std::size_t depth = 64;
        std::size_t values = 100'000;  ///< in one request or batch
        std::size_t reply_bytes = 25 * 1024 * 1024;
        std::size_t under_way = 64 * 1024 * 1024;  ///< bytes of requests, and of what batches have as answers so far
        std::size_t subscriptions = 1000;
    };
    /// Looks at `limits`, which outlive it, at every call: they may change.
    explicit Dispatcher(const node::Limits& limits) : Dispatcher(limits, Bounds{}) {}
    Dispatcher(const node::Limits& limits, const Bounds& bounds) : limits_(limits), bounds_(bounds) {}

    /// "shh_post", "rpc.discover": the namespace is what stands before the underscore or dot.
    void add(std::string name, Method method);
    bool has_namespace(std::string_view name) const;
    std::vector<std::string> methods() const;
    /// The namespaces that have methods, sorted.
    std::vector<std::string> namespaces() const;
    const Bounds& bounds() const noexcept { return bounds_; }
    const CallCounters& counters() const noexcept { return counters_; }

    /// The answer to bytes that are no JSON-RPC at all: a parse error without an id.
    static std::string unreadable(std::string_view why);
    /// One request or batch; the answer's text, empty when nothing is to be answered (notifications only).
    Task<std::string> handle(std::string_view request, Client& client) const;

  private:
    class UnderWay;

    Task<std::string> handle_batch(const json::array& batch, Client& client, UnderWay& under_way) const;
    Task<std::string> handle_one(const json::value& request, Client& client) const;
    Task<std::string> run(std::string_view name,
                          const Method& method,
                          const json::value& id,
                          const json::array& params,
                          Client& client) const;
    std::string refuse_request(int code, std::string_view message) const;
    std::string refuse_for_now() const;

    const node::Limits& limits_;
    Bounds bounds_;
    mutable CallCounters counters_;
    mutable std::size_t under_way_ = 0;
    std::map<std::string, Method, std::less<>> methods_;
};

}  // namespace sotto::rpc
