// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "node/nearest.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace sotto::node {
namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const auto substitute = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({substitute, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row.back();
}

}  // namespace

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
    // A hostile word must not cost a quadratic walk.
    word = word.substr(0, 64);
    const auto best = std::ranges::min_element(
        candidates, {}, [&](std::string_view candidate) { return edit_distance(word, candidate); });
    return best == candidates.end() ? std::string_view() : *best;
}

}  // namespace sotto::node
