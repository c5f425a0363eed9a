// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "base/workers.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <utility>

namespace sotto {
namespace {

namespace asio = boost::asio;

class ThreadWorkers final : public Workers {
  public:
    ThreadWorkers(Executor loop, std::size_t threads) : loop_(std::move(loop)), threads_(threads), pool_(threads) {}
    ~ThreadWorkers() override { pool_.join(); }

    void submit(std::move_only_function<void()> work, std::move_only_function<void()> done) override {
        // The guard keeps the loop alive until the answer is posted.
        auto job = [loop = loop_,
                    guard = asio::make_work_guard(loop_),
                    work = std::move(work),
                    done = std::move(done)]() mutable {
            work();
            asio::post(loop, std::move(done));
        };
        asio::post(pool_, std::move(job));
    }
    std::size_t parallelism() const noexcept override { return threads_; }

  private:
    Executor loop_;
    std::size_t threads_;
    asio::thread_pool pool_;
};

}  // namespace

std::unique_ptr<Workers> make_thread_workers(Executor loop, std::size_t threads) {
    return std::make_unique<ThreadWorkers>(std::move(loop), threads);
}

}  // namespace sotto
