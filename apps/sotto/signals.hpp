// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <cstddef>

#include "base/task.hpp"

namespace sotto::app {

/// Suspends until SIGINT or SIGTERM. A second one ends the process at once.
Task<void> wait_for_end_signal();
/// All cores but the loop's, at least one.
std::size_t worker_threads() noexcept;

}  // namespace sotto::app
