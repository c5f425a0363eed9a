// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

/// Implementations of the permutation, for keccak.cpp to choose from and for tests to compare. Not for other modules.
namespace sotto::crypto::keccak {

using Lanes = std::array<std::uint64_t, 25>;
using Permute = void (*)(Lanes& lanes) noexcept;
using PermuteX8 = void (*)(std::uint64_t (*lanes)[8]) noexcept;

struct Backend {
    std::string_view name;
    Permute permute;
    PermuteX8 permute_x8;
};

/// Those that this machine can run, the best one last; "scalar" is always the first.
std::span<const Backend> backends() noexcept;

}  // namespace sotto::crypto::keccak
