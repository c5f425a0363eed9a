// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <functional>
#include <memory>

#include "base/task.hpp"

namespace sotto {

/// Runs CPU work off the loop. In the simulated world it runs inline and completes at a virtual cost.
class Workers {
  public:
    virtual ~Workers() = default;
    /// Runs `work` on a worker, then `done` on the loop. `done` is always called, also during shutdown.
    virtual void submit(std::move_only_function<void()> work, std::move_only_function<void()> done) = 0;
    virtual std::size_t parallelism() const noexcept = 0;
};

/// A pool of `threads` threads; the destructor finishes what was submitted. `done` is posted to `loop`.
std::unique_ptr<Workers> make_thread_workers(Executor loop, std::size_t threads);

}  // namespace sotto
