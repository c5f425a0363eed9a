// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <cstdint>
#include <functional>
#include <list>

namespace sotto::rpc {

/// What one server holds for clients that keep it waiting: requests that are not all sent, answers that are not all
/// read. Bounded in bytes over all of them; above that, who has kept it waiting for longest is closed. Loop thread
/// only.
class Backlog {
  public:
    static constexpr std::uint64_t kMost = 64 * 1024 * 1024;

    /// One client's part. Outlived by the backlog.
    class Share {
      public:
        /// `close` ends the connection; nothing of it is destroyed before it returns.
        Share(Backlog& backlog, std::function<void()> close);
        Share(const Share&) = delete;
        Share& operator=(const Share&) = delete;
        ~Share() { set(0); }

        /// So much is held now. The wait begins anew whenever it has become less.
        void set(std::uint64_t bytes);

      private:
        friend class Backlog;
        void leave();

        Backlog& backlog_;
        std::function<void()> close_;
        std::uint64_t bytes_ = 0;
        std::list<Share*>::iterator place_;  ///< of a share that is not 0
    };

    explicit Backlog(std::uint64_t most = kMost) : most_(most) {}
    Backlog(const Backlog&) = delete;
    Backlog& operator=(const Backlog&) = delete;

    std::uint64_t bytes() const noexcept { return bytes_; }

  private:
    void make_room(const Share& newest);

    std::uint64_t most_;
    std::uint64_t bytes_ = 0;
    std::list<Share*> waiting_;  ///< who waits for longest first
};

}  // namespace sotto::rpc
