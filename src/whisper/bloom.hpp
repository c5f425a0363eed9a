// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include "whisper/topic.hpp"

namespace sotto::whisper {

/// The topics that a node wants, as a filter of 512 bits (EIP-627): for j in 0..2 a topic sets bit topic[j], plus 256
/// if bit j of topic[3] is set; bit n is byte n / 8, least significant bit first.
///
/// geth and Status assign where they should OR: of two bits in one byte of a sample only the later survives. We build
/// filters from all bits and look up samples by the surviving ones, which are a subset: both kinds of peers agree with
/// us.
class Bloom {
  public:
    static constexpr std::size_t kSize = 64;
    using Bits = ByteArray<kSize>;

    /// Wants nothing.
    Bloom() = default;
    explicit Bloom(const Bits& bits) noexcept : bits_(bits) {}
    /// Wants everything.
    static Bloom full() noexcept;

    void add(const Topic& topic) noexcept;
    void merge(const Bloom& other) noexcept;
    /// Whether an envelope of that topic passes.
    bool matches(const Topic& topic) const noexcept;
    bool is_full() const noexcept;
    const Bits& bits() const noexcept { return bits_; }
    friend bool operator==(const Bloom&, const Bloom&) = default;

  private:
    Bits bits_{};
};

/// The bits of one topic as the original code sets them, with the loss. For comparison with other implementations.
Bloom::Bits legacy_sample(const Topic& topic) noexcept;

}  // namespace sotto::whisper
