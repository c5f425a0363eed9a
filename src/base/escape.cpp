// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "base/escape.hpp"

#include <algorithm>
#include <cstdint>

namespace sotto {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

struct Character {
    std::size_t length = 0;   ///< of its bytes; 0: they are no UTF-8
    std::uint32_t value = 0;  ///< the code point
};

/// The one at the start of `text`, which is not empty.
Character first_character(std::string_view text) noexcept {
    const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    const std::uint8_t lead = at(0);
    const std::size_t length = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 0;
    if (length == 0 || length > text.size()) return {};
    std::uint32_t value = length == 1 ? lead : lead & (0x7Fu >> length);
    for (std::size_t i = 1; i < length; ++i) {
        if (at(i) >> 6 != 2) return {};
        value = value << 6 | (at(i) & 0x3Fu);
    }
    constexpr std::uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = value >= 0xD800 && value < 0xE000;
    if (value < kSmallest[length] || value > 0x10FFFF || surrogate) return {};
    return {length, value};
}

/// C0, DEL and C1, which steers some terminals too.
bool is_control(std::uint32_t value) noexcept {
    return value < 0x20 || (value >= 0x7F && value < 0xA0);
}

/// Line separators and what turns the direction of the text around: Bidi_Control of Unicode 15.
bool is_layout_control(std::uint32_t value) noexcept {
    return value == 0x061C || value == 0x200E || value == 0x200F || (value >= 0x2028 && value <= 0x202E) ||
           (value >= 0x2066 && value <= 0x2069);
}

/// Of the basic plane.
void append_code(std::string& out, std::uint32_t value) {
    constexpr std::string_view kHex = "0123456789abcdef";
    out += "\\u";
    for (const int shift : {12, 8, 4, 0}) out += kHex[value >> shift & 15];
}

void append_escaped(std::string& out, std::string_view character, std::uint32_t value) {
    switch (value) {
        case '"':
            out += "\\\"";
            return;
        case '\\':
            out += "\\\\";
            return;
        case '\n':
            out += "\\n";
            return;
        case '\r':
            out += "\\r";
            return;
        case '\t':
            out += "\\t";
            return;
        default:
            break;
    }
    if (is_control(value) || is_layout_control(value)) {
        append_code(out, value);
    } else {
        out += character;
    }
}

}  // namespace

bool is_utf8(std::string_view text) noexcept {
    while (!text.empty()) {
        const auto length = first_character(text).length;
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

std::string printable(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const auto [length, value] = first_character(text);
        if (value == '\n' || value == '\r' || value == '\t') {
            out += ' ';
        } else if (length == 0 || is_control(value) || is_layout_control(value)) {
            out += kReplacement;
        } else {
            out += text.substr(0, length);
        }
        text.remove_prefix(std::max<std::size_t>(1, length));
    }
    return out;
}

std::string escape_controls(std::string_view json) {
    std::string out;
    out.reserve(json.size());
    while (!json.empty()) {
        const auto [length, value] = first_character(json);
        const auto character = json.substr(0, std::max<std::size_t>(1, length));
        if (value >= 0x7F && (is_control(value) || is_layout_control(value))) {
            append_code(out, value);
        } else {
            out += character;
        }
        json.remove_prefix(character.size());
    }
    return out;
}

std::string escape_json(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const auto [length, value] = first_character(text);
        if (length == 0) {
            out += kReplacement;
        } else {
            append_escaped(out, text.substr(0, length), value);
        }
        text.remove_prefix(std::max<std::size_t>(1, length));
    }
    return out;
}

}  // namespace sotto
