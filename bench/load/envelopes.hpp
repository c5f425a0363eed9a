// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "base/bytes.hpp"

namespace sotto::load {

/// Envelopes that were sealed before, as they stand in a file: one RLP item after another. They are told apart by 8
/// bytes of their ciphertext.
class Envelopes {
  public:
    /// The first `count` of the file.
    static Result<Envelopes> load(const std::string& file, std::size_t count);

    std::size_t size() const noexcept { return begins_.size() - 1; }
    /// The bytes of [from, to), one behind another: the inside of a code 1.
    BytesView range(std::size_t from, std::size_t to) const noexcept;
    /// Which of them these bytes are: not_found when they are none, or one that was changed.
    Result<std::size_t> find(BytesView raw) const;

  private:
    static std::uint64_t mark_of(BytesView raw) noexcept;

    Bytes bytes_;
    std::vector<std::size_t> begins_;  ///< and the end of the last
    std::unordered_map<std::uint64_t, std::size_t> marks_;
};

}  // namespace sotto::load
