// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sotto::chat {

/// The input of a terminal in raw mode: keys in, the text and its picture out. Knows arrows, Home, End, Delete, Ctrl-A
/// E K U W, history with up and down, UTF-8 with wide characters and marks, and several lines: Alt-Enter, a backslash
/// before Enter, or a bracketed paste break the line. The line has at most the bytes of a message: what would be more
/// is left out whole, never cut. Pure.
class LineEditor {
  public:
    enum class Event : std::uint8_t {
        none,
        changed,
        line,               ///< take_line() has it
        interrupt,          ///< Ctrl-C
        end_of_input,       ///< Ctrl-D on an empty line
        next_conversation,  ///< Tab
        chosen,             ///< Alt-1 to Alt-9: choice()
        page_up,
        page_down,
        redraw,    ///< Ctrl-L
        too_long,  ///< something was left out: said once, and again instead of sending what is there
    };

    /// One byte as the terminal sent it.
    Event feed(char byte);
    std::string take_line();
    unsigned choice() const noexcept { return choice_; }

    /// The text as rows of a terminal, and where the cursor is in them.
    struct Picture {
        std::vector<std::string> rows;
        std::size_t row = 0;
        std::size_t column = 0;
    };
    /// At most `max_rows` rows of `columns` cells, those around the cursor. The prompt stands before the first one,
    /// room for it before the others.
    Picture render(std::string_view prompt, std::size_t columns, std::size_t max_rows) const;

  private:
    Event on_escape(char byte);
    Event on_sequence(const std::string& sequence);
    Event on_number(unsigned number);
    Event on_control(char byte);
    Event on_text(char byte);
    Event on_pasted(char byte);
    Event end_paste();
    Event refuse();
    Event finish_line();
    Event break_line();
    void insert(std::string_view text);
    void erase_left();
    void erase_word();
    void show_history(std::size_t index);
    Event up();
    Event down();

    std::string line_;
    std::size_t cursor_ = 0;  ///< a byte offset at the start of a character
    std::string escape_;      ///< the escape sequence so far
    bool pasting_ = false;
    std::string pasted_;
    bool left_out_ = false;  ///< something, since the line last changed
    unsigned choice_ = 0;
    std::string finished_;
    std::vector<std::string> history_;
    std::size_t history_index_ = 0;
    std::string draft_;
};

}  // namespace sotto::chat
