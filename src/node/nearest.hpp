// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <span>
#include <string_view>

namespace sotto::node {

/// The candidate with the smallest edit distance: for "did you mean". Empty without candidates.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace sotto::node
