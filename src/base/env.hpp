// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/scratch.hpp"
#include "base/task.hpp"
#include "base/workers.hpp"

namespace sotto {

/// All that a component may use of its surroundings; nothing is global. Cheap to copy. What it points to outlives all
/// that was made with it. Two makers: the process (loop.hpp) and sim::World.
struct Env {
    Executor executor;
    Clock* clock = nullptr;
    RandomSource* random = nullptr;
    Workers* workers = nullptr;
    Scratch* scratch = nullptr;
};

}  // namespace sotto
