// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <memory>

#include "base/clock.hpp"
#include "net/stream.hpp"
#include "node/counters.hpp"

namespace sotto::node {

/// When anything was last read from a connection.
struct Pulse {
    TimePoint heard;
};

/// The same stream, with what it reads and writes added to `traffic`, and the time of each read in `pulse`. Costs one
/// virtual call and one addition an operation: it hands on the tasks of the inner stream and makes no coroutine of its
/// own.
std::unique_ptr<net::Stream> count_traffic(std::unique_ptr<net::Stream> stream,
                                           std::shared_ptr<Traffic> traffic,
                                           std::shared_ptr<Pulse> pulse,
                                           const Clock& clock);

}  // namespace sotto::node
