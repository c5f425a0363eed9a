// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "chat/line_editor.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <utility>

#include "base/escape.hpp"
#include "chat/payload.hpp"
#include "chat/width.hpp"

namespace sotto::chat {
namespace {

constexpr std::size_t kMaxHistory = 1000;
constexpr std::size_t kMaxSequence = 16;
constexpr char kEscape = '\x1b';
constexpr std::string_view kPasteEnds = "\x1b[201~";

constexpr char control(char letter) {
    return static_cast<char>(letter - '@');
}

bool is_control(char byte) {
    return static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f;
}

/// Of the character that begins with this byte; 0: none does.
std::size_t length_of_character(char first) {
    const auto ones = static_cast<std::size_t>(std::countl_one(static_cast<unsigned char>(first)));
    return ones == 0 ? 1 : ones == 1 ? 0 : ones;
}

}  // namespace

LineEditor::Event LineEditor::feed(char byte) {
    if (!escape_.empty()) return on_escape(byte);
    if (byte == kEscape) {
        escape_ = byte;
        return Event::none;
    }
    if (pasting_) return on_pasted(byte);
    return is_control(byte) ? on_control(byte) : on_text(byte);
}

LineEditor::Event LineEditor::on_text(char byte) {
    const auto length = length_of_character(byte);
    const bool rest_of_one_left_out = length == 0 && left_out_;
    if (rest_of_one_left_out || line_.size() + std::max<std::size_t>(length, 1) > kMaxText) return refuse();
    insert({&byte, 1});
    return Event::changed;
}

/// Ctrl-C works even where the end of a paste never comes.
LineEditor::Event LineEditor::on_pasted(char byte) {
    if (byte == control('C')) return Event::interrupt;
    if (byte == '\r') byte = '\n';
    if (byte == '\t') byte = ' ';
    if (is_control(byte) && byte != '\n') return Event::none;
    if (pasted_.size() <= kMaxText) pasted_ += byte;
    return Event::none;
}

LineEditor::Event LineEditor::end_paste() {
    pasting_ = false;
    const auto pasted = std::exchange(pasted_, {});
    if (line_.size() + pasted.size() > kMaxText) return refuse();
    insert(pasted);
    return Event::changed;
}

LineEditor::Event LineEditor::refuse() {
    return std::exchange(left_out_, true) ? Event::none : Event::too_long;
}

LineEditor::Event LineEditor::on_escape(char byte) {
    escape_ += byte;
    const bool introducer = escape_.size() == 2 && (byte == '[' || byte == 'O');
    const bool parameter = escape_.size() > 2 && ((byte >= '0' && byte <= '9') || byte == ';');
    if ((introducer || parameter) && escape_.size() < kMaxSequence) return Event::none;
    return on_sequence(std::exchange(escape_, {}));
}

LineEditor::Event LineEditor::on_sequence(const std::string& sequence) {
    if (pasting_) return sequence == kPasteEnds ? end_paste() : Event::none;
    if (sequence.size() == 2) {
        if (sequence[1] == '\r' || sequence[1] == '\n') return break_line();
        if (sequence[1] < '1' || sequence[1] > '9') return Event::none;
        choice_ = static_cast<unsigned>(sequence[1] - '0');
        return Event::chosen;
    }
    if (sequence.back() == '~') {
        unsigned number = 0;
        std::from_chars(sequence.data() + 2, sequence.data() + sequence.size() - 1, number);
        return on_number(number);
    }
    if (sequence.size() != 3) return Event::none;
    switch (sequence[2]) {
        case 'A':
            return up();
        case 'B':
            return down();
        case 'C':
            cursor_ = next_character(line_, cursor_);
            return Event::changed;
        case 'D':
            cursor_ = previous_character(line_, cursor_);
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

LineEditor::Event LineEditor::on_number(unsigned number) {
    switch (number) {
        case 3:
            line_.erase(cursor_, next_character(line_, cursor_) - cursor_);
            return Event::changed;
        case 5:
            return Event::page_up;
        case 6:
            return Event::page_down;
        case 200:
            pasting_ = true;
            return Event::none;
        default:
            return Event::none;
    }
}

LineEditor::Event LineEditor::on_control(char byte) {
    switch (byte) {
        case '\r':
        case '\n':
            return finish_line();
        case '\t':
            return Event::next_conversation;
        case control('C'):
            return Event::interrupt;
        case control('D'):
            return line_.empty() ? Event::end_of_input : Event::none;
        case control('L'):
            return Event::redraw;
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
            erase_word();
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
    if (cursor_ == line_.size() && line_.ends_with('\\')) {
        erase_left();
        return break_line();
    }
    if (std::exchange(left_out_, false)) return Event::too_long;
    finished_ = std::exchange(line_, {});
    cursor_ = 0;
    if (!finished_.empty() && (history_.empty() || history_.back() != finished_)) {
        if (history_.size() == kMaxHistory) history_.erase(history_.begin());
        history_.push_back(finished_);
    }
    history_index_ = history_.size();
    return Event::line;
}

LineEditor::Event LineEditor::break_line() {
    return on_text('\n');
}

std::string LineEditor::take_line() {
    return std::exchange(finished_, {});
}

void LineEditor::insert(std::string_view text) {
    line_.insert(cursor_, text);
    cursor_ += text.size();
    left_out_ = false;
}

void LineEditor::erase_left() {
    const auto start = previous_character(line_, cursor_);
    line_.erase(start, cursor_ - start);
    cursor_ = start;
}

void LineEditor::erase_word() {
    const auto blank = [this] { return line_[cursor_ - 1] == ' ' || line_[cursor_ - 1] == '\n'; };
    while (cursor_ > 0 && blank()) erase_left();
    while (cursor_ > 0 && !blank()) erase_left();
}

LineEditor::Event LineEditor::up() {
    show_history(history_index_ == 0 ? 0 : history_index_ - 1);
    return Event::changed;
}

LineEditor::Event LineEditor::down() {
    show_history(std::min(history_index_ + 1, history_.size()));
    return Event::changed;
}

void LineEditor::show_history(std::size_t index) {
    if (history_index_ == history_.size()) draft_ = line_;
    history_index_ = index;
    line_ = index == history_.size() ? draft_ : history_[index];
    cursor_ = line_.size();
}

LineEditor::Picture LineEditor::render(std::string_view prompt, std::size_t columns, std::size_t max_rows) const {
    const auto indent = std::min(count_cells(prompt), columns > 4 ? columns - 4 : 0);
    const auto room = columns > indent + 2 ? columns - indent - 1 : 2;
    Picture all;
    all.rows.emplace_back(prompt);
    std::size_t used = 0;
    const auto new_row = [&] {
        all.rows.emplace_back(indent, ' ');
        used = 0;
    };
    for (std::size_t at = 0;;) {
        const bool broken = at < line_.size() && line_[at] == '\n';
        const auto end = broken ? at + 1 : next_character(line_, at);
        const auto shown = broken ? std::string() : printable(std::string_view(line_).substr(at, end - at));
        const auto cells = count_cells(shown);
        if (used + cells > room) new_row();
        if (cursor_ >= at && cursor_ < std::max(end, at + 1)) {
            all.row = all.rows.size() - 1;
            all.column = indent + used;
        }
        if (at == line_.size()) break;
        all.rows.back() += shown;
        used += cells;
        if (broken) new_row();
        at = end;
    }
    const auto first = all.row + 1 > max_rows ? all.row + 1 - max_rows : 0;
    all.rows.erase(all.rows.begin(), all.rows.begin() + static_cast<std::ptrdiff_t>(first));
    if (all.rows.size() > max_rows) all.rows.resize(max_rows);
    all.row -= first;
    return all;
}

}  // namespace sotto::chat
