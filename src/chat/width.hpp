// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// How much room text takes on a terminal: by the C library's table (Unicode 15), whatever the locale is. Pure.
namespace sotto::chat {

/// Where the character that starts at `at` ends, with the marks that are drawn on it. Bytes that are not UTF-8 are
/// characters of their own.
std::size_t next_character(std::string_view text, std::size_t at) noexcept;
/// Where the character that ends at `at` starts.
std::size_t previous_character(std::string_view text, std::size_t at) noexcept;

/// Cells: two for wide characters, none for marks that are drawn on others, one for what the table does not know.
std::size_t count_cells(std::string_view text) noexcept;
/// As much from the start as `cells` have room for.
std::string_view fit(std::string_view text, std::size_t cells) noexcept;
/// Rows of at most `others` cells (at least 2), broken at spaces where there are some; the first one of `first`, where
/// that is room for a character. Never empty.
std::vector<std::string> wrap(std::string_view text, std::size_t first, std::size_t others);

}  // namespace sotto::chat
