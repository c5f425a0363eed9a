// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "store/store.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "base/event.hpp"

namespace sotto::store {
namespace {

namespace asio = boost::asio;

/// A transaction of its own for so much: one that is far larger keeps the others waiting.
constexpr std::size_t kMaxBatch = 1'000;

struct Pending {
    Job job;
    Job undo;
    std::size_t bytes = 0;
    std::move_only_function<void(Result<void>)> done;
};

class ThreadStore final : public Store {
  public:
    ThreadStore(Executor loop, std::filesystem::path path, std::string schema, const Limits& limits, Database database)
        : loop_(std::move(loop)),
          path_(std::move(path)),
          schema_(std::move(schema)),
          limits_(limits),
          database_(std::move(database)),
          thread_([this] { serve(); }) {}
    ~ThreadStore() override {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        wake_.notify_one();
        thread_.join();
    }

    Task<Result<void>> write(Job job, Job undo, std::size_t bytes) override {
        std::optional<Result<void>> result;
        Event done(loop_);
        const bool throws = co_await asio::this_coro::throw_if_cancelled();
        co_await asio::this_coro::throw_if_cancelled(false);
        // What is under way keeps the loop alive.
        auto tell = [&result, &done, guard = asio::make_work_guard(loop_)](Result<void> outcome) {
            result.emplace(std::move(outcome));
            done.notify();
        };
        const auto queued = enqueue({std::move(job), std::move(undo), bytes, std::move(tell)});
        if (queued) co_await done.wait_uncancellable();
        co_await asio::this_coro::throw_if_cancelled(throws);
        if (!queued) co_return fail(queued.error());
        co_return std::move(*result);
    }

    Result<void> write_later(Job job, std::size_t bytes, std::move_only_function<void(Error)> failed) override {
        auto tell = [failed = std::move(failed), guard = asio::make_work_guard(loop_)](Result<void> outcome) mutable {
            if (!outcome) failed(outcome.error());
        };
        return enqueue({std::move(job), {}, bytes, std::move(tell)});
    }

  private:
    Result<void> enqueue(Pending pending) {
        {
            const std::lock_guard lock(mutex_);
            const bool full = waiting_.size() >= limits_.jobs || bytes_ + pending.bytes > limits_.bytes;
            if (full && !waiting_.empty()) return fail(Errc::busy, "the disk does not keep up with what is written");
            bytes_ += pending.bytes;
            waiting_.push_back(std::move(pending));
        }
        wake_.notify_one();
        return {};
    }

    /// Empty: the end.
    std::vector<Pending> next_batch() {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
        const auto count = std::min(waiting_.size(), kMaxBatch);
        const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(count);
        std::vector<Pending> batch(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
        waiting_.erase(waiting_.begin(), end);
        for (const auto& pending : batch) bytes_ -= pending.bytes;
        return batch;
    }

    void serve() {
        for (auto batch = next_batch(); !batch.empty(); batch = next_batch()) {
            const auto outcome = commit(batch);
            for (auto& pending : batch) {
                asio::post(loop_, [done = std::move(pending.done), outcome]() mutable { done(outcome); });
            }
        }
    }

    Result<void> commit(std::vector<Pending>& batch) {
        SOTTO_CHECK(reopen_if_broken());
        auto outcome = transaction([&](Database& database) -> Result<void> {
            for (auto& pending : batch) SOTTO_CHECK(pending.job(database));
            return {};
        });
        if (outcome) return outcome;
        // Whether it is on the disk nobody knows: after a failed fsync the kernel may have dropped the pages.
        broken_ = true;
        for (auto& pending : batch) {
            if (pending.undo) undo_.push_back(std::move(pending.undo));
        }
        // At once: the process may end before anything else is written. If it fails, the next batch fails with it.
        (void)reopen_if_broken();
        return outcome;
    }

    Result<void> reopen_if_broken() {
        if (!broken_) return {};
        database_.reset();
        SOTTO_TRY(database_, Database::open(path_));
        SOTTO_CHECK(database_->run(schema_));
        SOTTO_CHECK(transaction([&](Database& database) -> Result<void> {
            for (auto& undo : undo_) SOTTO_CHECK(undo(database));
            return {};
        }));
        undo_.clear();
        broken_ = false;
        return {};
    }

    template <class Body>
    Result<void> transaction(Body body) {
        SOTTO_CHECK(database_->run("BEGIN IMMEDIATE"));
        auto outcome = body(*database_);
        if (outcome) outcome = database_->run("COMMIT");
        // SQLite may have rolled back by itself: then there is nothing left to do it to.
        if (!outcome) (void)database_->run("ROLLBACK");
        return outcome;
    }

    Executor loop_;
    std::filesystem::path path_;
    std::string schema_;
    Limits limits_;
    std::optional<Database> database_;  ///< of the thread, as all up to the mutex
    bool broken_ = false;
    std::vector<Job> undo_;
    std::mutex mutex_;
    std::condition_variable wake_;
    bool stopping_ = false;
    std::size_t bytes_ = 0;
    std::vector<Pending> waiting_;
    std::thread thread_;  ///< last: it uses all of the above
};

}  // namespace

Result<std::unique_ptr<Store>> Store::open(Executor loop, const std::filesystem::path& path, std::string schema) {
    return open(std::move(loop), path, std::move(schema), Limits());
}

Result<std::unique_ptr<Store>> Store::open(Executor loop,
                                           const std::filesystem::path& path,
                                           std::string schema,
                                           const Limits& limits) {
    SOTTO_TRY(auto database, Database::open(path));
    SOTTO_CHECK(database.run(schema));
    return std::make_unique<ThreadStore>(std::move(loop), path, std::move(schema), limits, std::move(database));
}

}  // namespace sotto::store
