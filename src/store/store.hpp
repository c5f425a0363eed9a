// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <functional>
#include <memory>

#include "base/task.hpp"
#include "store/sqlite.hpp"

namespace sotto::store {

/// What one writer wants done, on the store's thread, inside a transaction that it shares with whoever waits too.
using Job = std::move_only_function<Result<void>(Database&)>;

/// A database with a thread of its own. What waits together is committed together, so that one fsync serves all of
/// it; it succeeds or fails together too. After a commit that failed, the database is opened anew and what the failed
/// ones may have left is undone, before they are told where the disk allows it, before anything else is written in any
/// case: what was reported as failed is not found there later. Loop thread only, but for the jobs.
class Store {
  public:
    struct Limits {
        std::size_t jobs = 10'000;
        std::size_t bytes = std::size_t{64} << 20;
    };

    /// Runs `schema` (idempotent SQL). The thread begins at once and ends with the object, when all is written.
    static Result<std::unique_ptr<Store>> open(Executor loop, const std::filesystem::path& path, std::string schema);
    static Result<std::unique_ptr<Store>> open(Executor loop,
                                               const std::filesystem::path& path,
                                               std::string schema,
                                               const Limits& limits);
    virtual ~Store() = default;

    /// Ok: on the disk. `undo` takes back what `job` did; `bytes` is what it holds. Errors: busy, and the database's.
    /// A caller that is cancelled stays until it is done.
    virtual Task<Result<void>> write(Job job, Job undo, std::size_t bytes) = 0;
    /// Nobody waits; `failed` is told on the loop. Errors: busy.
    virtual Result<void> write_later(Job job, std::size_t bytes, std::move_only_function<void(Error)> failed) = 0;
};

}  // namespace sotto::store
