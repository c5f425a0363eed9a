// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "chat/line_editor.hpp"

#include <algorithm>
#include <utility>

namespace sotto::chat {
namespace {

constexpr std::size_t kMaxLine = 16 * 1024;
constexpr std::size_t kMaxHistory = 1000;
constexpr char kEscape = '\x1b';

constexpr char control(char letter) {
    return static_cast<char>(letter - '@');
}
bool is_continuation(char c) noexcept {
    return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

/// The start of the character behind `at`, and of the one before it.
std::size_t next(std::string_view text, std::size_t at) noexcept {
    if (at < text.size()) ++at;
    while (at < text.size() && is_continuation(text[at])) ++at;
    return at;
}
std::size_t previous(std::string_view text, std::size_t at) noexcept {
    if (at > 0) --at;
    while (at > 0 && is_continuation(text[at])) --at;
    return at;
}

}  // namespace

std::size_t count_characters(std::string_view utf8) noexcept {
    return static_cast<std::size_t>(std::ranges::count_if(utf8, [](char c) { return !is_continuation(c); }));
}

LineEditor::Event LineEditor::feed(char byte) {
    if (!escape_.empty()) return on_escape(byte);
    if (byte == kEscape) {
        escape_ = byte;
        return Event::none;
    }
    if (static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f) return on_control(byte);
    if (line_.size() >= kMaxLine) return Event::none;
    insert(byte);
    return Event::changed;
}

LineEditor::Event LineEditor::on_escape(char byte) {
    escape_ += byte;
    const bool introducer = escape_.size() == 2 && (byte == '[' || byte == 'O');
    const bool parameter = escape_.size() > 2 && ((byte >= '0' && byte <= '9') || byte == ';');
    if ((introducer || parameter) && escape_.size() < 16) return Event::none;
    const auto sequence = std::exchange(escape_, {});
    if (sequence == "\x1b[3~") {
        erase_right();
        return Event::changed;
    }
    if (sequence.size() != 3) return Event::none;
    switch (sequence[2]) {
        case 'A':
            show_history(history_index_ == 0 ? 0 : history_index_ - 1);
            return Event::changed;
        case 'B':
            show_history(std::min(history_index_ + 1, history_.size()));
            return Event::changed;
        case 'C':
            move_right();
            return Event::changed;
        case 'D':
            move_left();
            return Event::changed;
        case 'H':
            cursor_ = 0;
            return Event::changed;
        case 'F':
            cursor_ = line_.size();
            return Event::changed;
        default:
            return Event::none;
    }
}

LineEditor::Event LineEditor::on_control(char byte) {
    switch (byte) {
        case '\r':
        case '\n':
            return finish_line();
        case control('C'):
            return Event::interrupt;
        case control('D'):
            return line_.empty() ? Event::end_of_input : Event::none;
        case control('A'):
            cursor_ = 0;
            return Event::changed;
        case control('E'):
            cursor_ = line_.size();
            return Event::changed;
        case control('K'):
            line_.erase(cursor_);
            return Event::changed;
        case control('U'):
            line_.erase(0, cursor_);
            cursor_ = 0;
            return Event::changed;
        case control('W'):
            while (cursor_ > 0 && line_[cursor_ - 1] == ' ') erase_left();
            while (cursor_ > 0 && line_[cursor_ - 1] != ' ') erase_left();
            return Event::changed;
        case control('H'):
        case 0x7f:
            erase_left();
            return Event::changed;
        default:
            return Event::none;
    }
}

LineEditor::Event LineEditor::finish_line() {
    finished_ = std::exchange(line_, {});
    cursor_ = 0;
    if (!finished_.empty() && (history_.empty() || history_.back() != finished_)) {
        if (history_.size() == kMaxHistory) history_.erase(history_.begin());
        history_.push_back(finished_);
    }
    history_index_ = history_.size();
    return Event::line;
}

std::string LineEditor::take_line() {
    return std::exchange(finished_, {});
}

void LineEditor::insert(char byte) {
    line_.insert(cursor_, 1, byte);
    ++cursor_;
}

void LineEditor::erase_left() {
    const auto start = previous(line_, cursor_);
    line_.erase(start, cursor_ - start);
    cursor_ = start;
}

void LineEditor::erase_right() {
    line_.erase(cursor_, next(line_, cursor_) - cursor_);
}
void LineEditor::move_left() {
    cursor_ = previous(line_, cursor_);
}
void LineEditor::move_right() {
    cursor_ = next(line_, cursor_);
}

void LineEditor::show_history(std::size_t index) {
    if (history_index_ == history_.size()) draft_ = line_;
    history_index_ = index;
    line_ = index == history_.size() ? draft_ : history_[index];
    cursor_ = line_.size();
}

std::string LineEditor::render(std::string_view prompt, std::size_t columns) const {
    const auto room = columns > count_characters(prompt) + 1 ? columns - count_characters(prompt) - 1 : 1;
    // A line longer than the row shows the part around the cursor.
    std::size_t start = 0;
    while (count_characters(std::string_view(line_).substr(start, cursor_ - start)) > room) start = next(line_, start);
    std::size_t end = start;
    for (std::size_t cells = 0; end < line_.size() && cells < room; ++cells) end = next(line_, end);
    const auto before = count_characters(std::string_view(line_).substr(start, cursor_ - start));
    std::string out = "\r\x1b[K";
    out.append(prompt).append(line_, start, end - start).append("\r");
    const auto column = count_characters(prompt) + before;
    if (column > 0) out += "\x1b[" + std::to_string(column) + "C";
    return out;
}

}  // namespace sotto::chat
