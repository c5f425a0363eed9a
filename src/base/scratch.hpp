// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include "base/bytes.hpp"

namespace sotto {

/// Read buffers that all connections of one loop share: an idle connection owns none. Valid only between two
/// suspensions, and one layer each: the socket's bytes are read into `wire`, what a secure channel opens goes to
/// `plain`. Each holds two of the largest frames of Noise with their lengths: a bulk transfer is read in whole frames,
/// while in two bytes less each read would leave a frame's worth of tail to be kept and copied back.
struct Scratch {
    static constexpr std::size_t kSize = std::size_t{2} * (2 + 65'535);
    ByteArray<kSize> wire;
    ByteArray<kSize> plain;
};

}  // namespace sotto
