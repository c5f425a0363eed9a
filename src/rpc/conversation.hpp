// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <functional>
#include <string>

#include "base/env.hpp"
#include "base/result.hpp"
#include "rpc/backlog.hpp"
#include "rpc/dispatcher.hpp"

namespace sotto::rpc {

/// Whole messages to and from one client: a WebSocket, or an IPC connection. One reader and one writer. Loop thread
/// only.
class MessageChannel {
  public:
    virtual ~MessageChannel() = default;
    /// The next request's text. Errc::closed: the client sends no more, but still reads; malformed and too_large: it is
    /// told so and closed; anything else: it is gone.
    virtual Task<Result<std::string>> read() = 0;
    /// Suspends until the kernel has taken it all.
    virtual Task<Result<void>> write(const std::string& message) = 0;
    /// Ends what reads and writes now, and all that comes.
    virtual void close() noexcept = 0;
};

/// The most bytes that a message may have; asked before each.
using MaxMessage = std::function<std::uint64_t()>;

struct ConversationBounds {
    std::size_t unsent_bytes = 1024 * 1024;           ///< of notifications; above, the client is closed
    std::size_t calls = 16;                           ///< at once; more wait unread, and so they do above unsent_bytes
    Duration write_limit = std::chrono::seconds(30);  ///< for one message; a client that takes longer is closed
};

/// Who talks: what they may do, and how often.
struct Caller {
    Rights rights = Rights::none;
    std::function<bool()> take_call = [] { return true; };
};

/// Answers one client's requests, each as soon as it is done, and tells it what it has subscribed to, until it leaves.
/// What waits for it counts in `backlog`.
Task<void> converse(Env env,
                    MessageChannel& channel,
                    const Dispatcher& dispatcher,
                    Backlog& backlog,
                    Caller caller,
                    ConversationBounds bounds = {});

}  // namespace sotto::rpc
