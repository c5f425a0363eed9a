// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <memory>

#include "base/env.hpp"

namespace sotto {

/// The process's one loop thread with its clock, randomness and workers. Stopping order is the destructor's business.
class Loop {
  public:
    explicit Loop(std::size_t worker_threads);
    ~Loop();
    Env env() noexcept;
    /// Runs until `main` ends and returns its value (an exit code). Rethrows what it threw.
    int run(Task<int> main);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace sotto
