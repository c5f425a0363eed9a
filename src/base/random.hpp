// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <memory>

#include "base/bytes.hpp"

namespace sotto {

/// Source of all randomness, ephemeral keys included: getrandom(2), or a seeded stream in the simulated world.
class RandomSource {
  public:
    virtual ~RandomSource() = default;
    virtual void fill(BytesSpan out) noexcept = 0;

    template <std::size_t N>
    ByteArray<N> array() noexcept {
        ByteArray<N> out;
        fill(out);
        return out;
    }
    Bytes bytes(std::size_t size);
    std::uint64_t next_u64() noexcept;
    /// Uniform in [0, bound); 0 when bound is 0.
    std::uint64_t below(std::uint64_t bound) noexcept;
};

std::unique_ptr<RandomSource> make_system_random();

}  // namespace sotto
