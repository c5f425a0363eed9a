// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <memory>

#include "base/bytes.hpp"
#include "base/task.hpp"

namespace sotto::app {

/// Reads stdin without blocking the loop, whether it is a terminal, a pipe or a file.
class StandardInput {
  public:
    explicit StandardInput(const Executor& executor);
    ~StandardInput();
    /// What is there, at least one byte; 0 at the end. At most 4 KiB a call.
    Task<std::size_t> read(BytesSpan into);
    void close() noexcept;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace sotto::app
