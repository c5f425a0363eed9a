// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "chat/width.hpp"

#include <algorithm>
#include <clocale>
#include <cstdint>
#include <cwchar>

namespace sotto::chat {
namespace {

struct Character {
    char32_t value = 0;
    std::size_t size = 1;  ///< bytes
};

Character decode(std::string_view text, std::size_t at) noexcept {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[at + i]); };
    const auto lead = byte(0);
    const std::size_t size = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 1;
    if (size == 1 || at + size > text.size()) return {lead, 1};
    char32_t value = lead & (0x7Fu >> size);
    for (std::size_t i = 1; i < size; ++i) {
        if (byte(i) >> 6 != 2) return {lead, 1};
        value = value << 6 | (byte(i) & 0x3Fu);
    }
    return {value, size};
}

struct Range {
    char32_t first;
    char32_t last;
};

/// For C libraries without a UTF-8 locale: the blocks that matter (Unicode 15, East Asian Width W and F).
int width_without_table(char32_t c) noexcept {
    static constexpr Range kWide[] = {{0x1100, 0x115F},
                                      {0x2E80, 0x303E},
                                      {0x3041, 0x4DBF},
                                      {0x4E00, 0xA4CF},
                                      {0xAC00, 0xD7A3},
                                      {0xF900, 0xFAFF},
                                      {0xFE30, 0xFE6F},
                                      {0xFF00, 0xFF60},
                                      {0xFFE0, 0xFFE6},
                                      {0x1F300, 0x1F64F},
                                      {0x1F680, 0x1F6FF},
                                      {0x1F900, 0x1FAFF},
                                      {0x20000, 0x3FFFD}};
    static constexpr Range kMarks[] = {{0x0300, 0x036F}, {0x200B, 0x200D}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}};
    const auto holds = [c](const Range& range) { return c >= range.first && c <= range.last; };
    if (std::ranges::any_of(kMarks, holds)) return 0;
    return std::ranges::any_of(kWide, holds) ? 2 : 1;
}

std::size_t width_of(char32_t c) noexcept {
    static const locale_t utf8 = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    if (!utf8) return static_cast<std::size_t>(width_without_table(c));
    const auto before = ::uselocale(utf8);
    const int width = ::wcwidth(static_cast<wchar_t>(c));
    ::uselocale(before);
    return width < 0 ? 1 : static_cast<std::size_t>(width);
}

}  // namespace

std::size_t next_character(std::string_view text, std::size_t at) noexcept {
    if (at >= text.size()) return text.size();
    at += decode(text, at).size;
    while (at < text.size()) {
        const auto mark = decode(text, at);
        if (mark.value < 0x80 || width_of(mark.value) > 0) break;
        at += mark.size;
    }
    return at;
}

std::size_t previous_character(std::string_view text, std::size_t at) noexcept {
    at = std::min(at, text.size());
    // The longest run of bytes behind which a character cannot go on: back to one that is not a mark.
    while (at > 0) {
        --at;
        while (at > 0 && (static_cast<std::uint8_t>(text[at]) & 0xC0) == 0x80) --at;
        const auto character = decode(text, at);
        if (character.value < 0x80 || width_of(character.value) > 0) break;
    }
    return at;
}

std::size_t count_cells(std::string_view text) noexcept {
    std::size_t cells = 0;
    for (std::size_t at = 0; at < text.size();) {
        const auto character = decode(text, at);
        cells += character.value < 0x80 ? 1 : width_of(character.value);
        at += character.size;
    }
    return cells;
}

std::string_view fit(std::string_view text, std::size_t cells) noexcept {
    std::size_t end = 0;
    while (end < text.size()) {
        const auto next = next_character(text, end);
        const auto width = count_cells(text.substr(end, next - end));
        if (width > cells) break;
        cells -= width;
        end = next;
    }
    return text.substr(0, end);
}

std::vector<std::string> wrap(std::string_view text, std::size_t first, std::size_t others) {
    others = std::max<std::size_t>(others, 2);
    std::size_t room = first >= 2 ? first : others;
    std::vector<std::string> rows;
    do {
        auto row = fit(text, room);
        if (row.size() < text.size() && text[row.size()] != ' ') {
            const auto space = row.rfind(' ');
            if (space != std::string_view::npos && space > 0) row = row.substr(0, space);
        }
        rows.emplace_back(row);
        text.remove_prefix(row.size());
        if (text.starts_with(' ') && !rows.empty()) text.remove_prefix(1);
        room = others;
    } while (!text.empty());
    return rows;
}

}  // namespace sotto::chat
