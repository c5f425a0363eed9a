// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include "base/bytes.hpp"

namespace sotto {

/// Read buffers that all connections of one loop share: an idle connection owns none. Valid only between two
/// suspensions, and one layer each: the socket's bytes are read into `wire`, what a secure channel opens goes to
/// `plain`.
struct Scratch {
    static constexpr std::size_t kSize = 128 * 1024;
    ByteArray<kSize> wire;
    ByteArray<kSize> plain;
};

}  // namespace sotto
