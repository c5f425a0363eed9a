// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sotto::chat {

/// One line of input on a terminal in raw mode: keys in, the line and its picture out. Knows arrows, Home, End, Delete,
/// Ctrl-A E K U W, history with up and down, and UTF-8. Pure.
class LineEditor {
  public:
    enum class Event : std::uint8_t { none, changed, line, interrupt, end_of_input };

    /// One byte as the terminal sent it. After `line`, take_line() has it.
    Event feed(char byte);
    std::string take_line();
    /// The prompt and the line for one terminal row of `columns` cells, and the cursor moved to its place in it.
    std::string render(std::string_view prompt, std::size_t columns) const;

  private:
    Event on_escape(char byte);
    Event on_control(char byte);
    Event finish_line();
    void insert(char byte);
    void erase_left();
    void erase_right();
    void move_left();
    void move_right();
    void show_history(std::size_t index);

    std::string line_;
    std::size_t cursor_ = 0;  ///< a byte offset at the start of a character
    std::string escape_;      ///< the escape sequence so far
    std::string finished_;
    std::vector<std::string> history_;
    std::size_t history_index_ = 0;
    std::string draft_;
};

/// Number of characters (terminal cells, but for wide ones).
std::size_t count_characters(std::string_view utf8) noexcept;

}  // namespace sotto::chat
