// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "base/escape.hpp"

#include <algorithm>
#include <cstdint>

namespace sotto {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

/// Length of the valid UTF-8 sequence at the start of `text`, or 0.
std::size_t sequence_length(std::string_view text) noexcept {
    const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    const std::uint8_t lead = at(0);
    const std::size_t length = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 0;
    if (length == 0 || length > text.size()) return 0;
    std::uint32_t value = length == 1 ? lead : lead & (0x7Fu >> length);
    for (std::size_t i = 1; i < length; ++i) {
        if (at(i) >> 6 != 2) return 0;
        value = value << 6 | (at(i) & 0x3Fu);
    }
    constexpr std::uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = value >= 0xD800 && value < 0xE000;
    return value < kSmallest[length] || value > 0x10FFFF || surrogate ? 0 : length;
}

void append_code(std::string& out, std::uint8_t value) {
    constexpr std::string_view kHex = "0123456789abcdef";
    out += "\\u00";
    out += kHex[value >> 4];
    out += kHex[value & 15];
}

void append_escaped(std::string& out, char c) {
    switch (c) {
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
    const auto value = static_cast<std::uint8_t>(c);
    if (value >= 0x20 && value != 0x7F) {
        out += c;
        return;
    }
    append_code(out, value);
}

/// C1 controls (U+0080..U+009F) steer some terminals.
bool is_c1(std::string_view sequence) noexcept {
    return sequence.size() == 2 && sequence[0] == '\xC2' && static_cast<std::uint8_t>(sequence[1]) < 0xA0;
}

/// Line separators and what turns the direction of the text around (Unicode 15, 23.2).
bool is_layout_control(std::string_view sequence) noexcept {
    if (sequence.size() != 3 || sequence[0] != '\xE2') return false;
    const auto last = static_cast<std::uint8_t>(sequence[2]);
    if (sequence[1] == '\x80') return last == 0x8E || last == 0x8F || (last >= 0xA8 && last <= 0xAE);
    return sequence[1] == '\x81' && last >= 0xA6 && last <= 0xA9;
}

}  // namespace

std::string printable(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const auto length = sequence_length(text);
        const auto sequence = text.substr(0, length);
        if (sequence == "\n" || sequence == "\r" || sequence == "\t") {
            out += ' ';
        } else if (length == 0 || (length == 1 && (text[0] < ' ' || text[0] == '\x7F')) || is_c1(sequence) ||
                   is_layout_control(sequence)) {
            out += kReplacement;
        } else {
            out += sequence;
        }
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return out;
}

std::string escape_controls(std::string_view json) {
    std::string out;
    out.reserve(json.size());
    while (!json.empty()) {
        const auto sequence = json.substr(0, std::max<std::size_t>(1, sequence_length(json)));
        if (sequence == "\x7F" || is_c1(sequence)) {
            append_code(out, static_cast<std::uint8_t>(sequence.back()));  // the code point is the last byte
        } else {
            out += sequence;
        }
        json.remove_prefix(sequence.size());
    }
    return out;
}

std::string escape_json(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const auto length = sequence_length(text);
        if (length == 1) {
            append_escaped(out, text[0]);
        } else if (length == 0) {
            out += kReplacement;
        } else if (is_c1(text.substr(0, length))) {
            append_code(out, static_cast<std::uint8_t>(text[1]));  // the code point is the second byte
        } else {
            out += text.substr(0, length);
        }
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return out;
}

}  // namespace sotto
