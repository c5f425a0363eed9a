// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <memory>

#include "chat/line_editor.hpp"
#include "chat_session.hpp"

namespace sotto::app {

/// "14:03:59", local time.
std::string clock_time(std::uint64_t milliseconds);

/// For scripts: messages on stdout, state on stderr.
std::unique_ptr<ChatView> make_plain_view();

/// For people: raw mode while it lives, colours unless NO_COLOR is set, the input line below the messages, a mark on
/// each message of ours that changes when a peer has it.
class TerminalView final : public ChatView {
  public:
    enum class Input : std::uint8_t { more, line, quit };

    explicit TerminalView(std::string prompt);
    ~TerminalView() override;

    void on_message(const std::string& nick, const std::string& text, std::uint64_t milliseconds) override;
    void on_delivery(std::size_t number, Delivery delivery, const std::string& why) override;
    void on_state(const std::string& text) override;
    void show_own(std::size_t number, const std::string& nick, const std::string& text, std::uint64_t milliseconds);
    void show_line(const std::string& text);

    /// One byte from the terminal; after `line`, take_line() has it.
    Input feed(char byte);
    std::string take_line() { return editor_.take_line(); }

  private:
    struct OwnLine {
        std::size_t number;
        std::size_t rows_below;  ///< rows from it to the input line
    };
    void print(const std::string& text, std::size_t cells);
    void redraw();
    std::string paint(const char* colour, const std::string& text) const;

    struct RawMode;
    std::unique_ptr<RawMode> raw_;
    std::string prompt_;
    bool colours_;
    chat::LineEditor editor_;
    std::vector<OwnLine> own_lines_;
};

}  // namespace sotto::app
