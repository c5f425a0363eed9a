// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <cstdint>

namespace sotto::messenger {

// As Status's own API posts.
inline constexpr std::uint32_t kTtl = 10;
inline constexpr std::uint32_t kPowSeconds = 1;
inline constexpr double kPow = 0.002;

}  // namespace sotto::messenger
