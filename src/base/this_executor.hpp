// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include "base/task.hpp"

namespace sotto {

/// The executor of the running task.
Task<Executor> this_executor();
/// Lets everything else that is ready run first.
Task<void> yield_now();

}  // namespace sotto
