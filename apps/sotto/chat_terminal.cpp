// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/escape.hpp"
#include "chat_view.hpp"

namespace sotto::app {
namespace {

constexpr const char* kDim = "2";
constexpr const char* kGreen = "32";
constexpr const char* kCyan = "36";
constexpr const char* kRed = "31";

struct WindowSize {
    std::size_t rows = 24;
    std::size_t columns = 80;
};

WindowSize window_size() {
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return {};
    return {size.ws_row, size.ws_col};
}

const char* mark_of(Delivery delivery) noexcept {
    switch (delivery) {
        case Delivery::sealing:
            return "·";
        case Delivery::sent:
            return "→";
        case Delivery::acknowledged:
            return "✓";
        case Delivery::failed:
            return "✗";
    }
    return " ";
}

}  // namespace

struct TerminalView::RawMode {
    RawMode() {
        ::tcgetattr(STDIN_FILENO, &before);
        auto raw = before;
        raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG);
        raw.c_iflag &= ~static_cast<tcflag_t>(ICRNL | IXON);
        ::tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
    }
    ~RawMode() { ::tcsetattr(STDIN_FILENO, TCSADRAIN, &before); }
    termios before{};
};

TerminalView::TerminalView(std::string prompt)
    : raw_(std::make_unique<RawMode>()), prompt_(std::move(prompt)), colours_(std::getenv("NO_COLOR") == nullptr) {
    redraw();
}

TerminalView::~TerminalView() {
    fmt::print("\r\x1b[K");
    std::fflush(stdout);
}

std::string TerminalView::paint(const char* colour, const std::string& text) const {
    return colours_ ? fmt::format("\x1b[{}m{}\x1b[0m", colour, text) : text;
}

void TerminalView::redraw() {
    fmt::print("{}", editor_.render(prompt_, window_size().columns));
    std::fflush(stdout);
}

/// Prints a line above the input line. `cells` is its width without colours.
void TerminalView::print(const std::string& text, std::size_t cells) {
    const auto size = window_size();
    const auto rows = std::max<std::size_t>(1, (cells + size.columns - 1) / size.columns);
    fmt::print("\r\x1b[K{}\n", text);
    for (auto& line : own_lines_) line.rows_below += rows;
    // What has scrolled away cannot be marked any more.
    std::erase_if(own_lines_, [&](const OwnLine& line) { return line.rows_below >= size.rows; });
    redraw();
}

void TerminalView::on_message(const std::string& nick, const std::string& text, std::uint64_t milliseconds) {
    const auto time = clock_time(milliseconds);
    const auto shown_nick = printable(nick);
    const auto shown = printable(text);
    const auto cells = 2 + time.size() + 1 + chat::count_characters(shown_nick) + 2 + chat::count_characters(shown);
    print(fmt::format("  {} {}: {}", paint(kDim, time), paint(kCyan, shown_nick), shown), cells);
}

void TerminalView::show_own(std::size_t number,
                            const std::string& nick,
                            const std::string& text,
                            std::uint64_t milliseconds) {
    const auto time = clock_time(milliseconds);
    const auto shown = printable(text);
    const auto cells = 2 + time.size() + 1 + chat::count_characters(nick) + 2 + chat::count_characters(shown);
    own_lines_.push_back({number, 0});
    print(fmt::format("{} {} {}: {}", mark_of(Delivery::sealing), paint(kDim, time), paint(kGreen, nick), shown),
          cells);
}

void TerminalView::on_delivery(std::size_t number, Delivery delivery, const std::string& why) {
    const auto line = std::ranges::find(own_lines_, number, &OwnLine::number);
    if (line != own_lines_.end()) {
        const auto mark = paint(delivery == Delivery::failed ? kRed : kGreen, mark_of(delivery));
        fmt::print("\r\x1b[{0}A{1}\r\x1b[{0}B", line->rows_below, mark);
        redraw();
    }
    if (!why.empty()) show_line("not delivered: " + why);
}

void TerminalView::on_state(const std::string& text) {
    show_line(printable(text));
}

void TerminalView::show_line(const std::string& text) {
    print("  " + paint(kDim, text), 2 + chat::count_characters(text));
}

TerminalView::Input TerminalView::feed(char byte) {
    switch (editor_.feed(byte)) {
        case chat::LineEditor::Event::none:
            return Input::more;
        case chat::LineEditor::Event::changed:
            redraw();
            return Input::more;
        case chat::LineEditor::Event::line:
            redraw();
            return Input::line;
        case chat::LineEditor::Event::interrupt:
        case chat::LineEditor::Event::end_of_input:
            return Input::quit;
    }
    return Input::more;
}

}  // namespace sotto::app
