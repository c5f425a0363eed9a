// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <span>
#include <string>
#include <vector>

#include "chat/line_editor.hpp"

namespace sotto::chat {

/// One message or notice. Every text may be what a stranger wrote: the screen makes it printable.
struct ScreenLine {
    enum class Style : std::uint8_t { message, own, failed, notice, old };
    Style style = Style::message;
    std::string mark;  ///< at most two cells
    std::string time;
    std::string nick;  ///< empty: a notice
    std::string text;  ///< may have several lines
};

/// What a chat looks like at one moment.
struct ScreenContent {
    struct Tab {
        std::string name;
        std::size_t unread = 0;
    };
    std::string title;
    std::vector<ScreenLine> lines;  ///< the last of the conversation, oldest first
    std::size_t scrolled = 0;       ///< rows that lie below the window
    std::vector<Tab> tabs;
    std::size_t current = 0;  ///< tab
    std::vector<std::string> peers;
    std::string prompt;
};

/// A whole terminal: a title, messages with the peers beside them, the conversations, the input. Draws what has
/// changed, as bytes for the terminal. Pure.
class Screen {
  public:
    /// Peers are shown beside the messages from so many columns on.
    static constexpr std::size_t kPaneFrom = 76;

    explicit Screen(bool colours) : colours_(colours) {}

    /// At least 3 rows of 8 columns are assumed. The next draw() draws everything.
    void resize(std::size_t rows, std::size_t columns);
    void forget() { drawn_.clear(); }
    std::string draw(const ScreenContent& content, const LineEditor& input);
    /// Rows that a line takes at this width.
    std::size_t rows_of(const ScreenLine& line) const;
    /// Rows between title and conversations, with an input of one row.
    std::size_t window() const noexcept { return rows_ - 3; }

  private:
    std::size_t text_columns() const noexcept;
    std::vector<std::string> layout(const ScreenLine& line) const;
    std::vector<std::string> messages(const ScreenContent& content, std::size_t rows) const;
    std::string pane_row(const ScreenContent& content, std::size_t row) const;
    std::string tab_row(const ScreenContent& content) const;
    std::string title_row(const ScreenContent& content) const;
    std::string paint(std::string_view attributes, std::string_view text) const;

    bool colours_;
    std::size_t rows_ = 24;
    std::size_t columns_ = 80;
    std::vector<std::string> drawn_;  ///< row by row, what the terminal shows; empty: unknown
};

}  // namespace sotto::chat
