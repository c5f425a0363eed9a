// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "chat_terminal.hpp"

#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace sotto::app {
namespace {

// Alternate screen, bracketed paste, no automatic line breaks; and back.
constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?2004h\x1b[?7l\x1b[2J";
constexpr std::string_view kLeave = "\x1b[?7h\x1b[?2004l\x1b[?25h\x1b[?1049l";

}  // namespace

struct RawTerminal::Before {
    termios modes{};
};

RawTerminal::RawTerminal() : before_(std::make_unique<Before>()) {
    ::tcgetattr(STDIN_FILENO, &before_->modes);
    auto raw = before_->modes;
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG | IEXTEN);
    raw.c_iflag &= ~static_cast<tcflag_t>(ICRNL | IXON);
    ::tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
    write(kEnter);
}

RawTerminal::~RawTerminal() {
    write(kLeave);
    ::tcsetattr(STDIN_FILENO, TCSADRAIN, &before_->modes);
}

RawTerminal::Size RawTerminal::size() const noexcept {
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {};
    return {size.ws_row, size.ws_col};
}

void RawTerminal::write(std::string_view bytes) const noexcept {
    while (!bytes.empty()) {
        const auto count = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
}

bool is_full_terminal() noexcept {
    const char* kind = std::getenv("TERM");
    const bool dumb = kind != nullptr && std::string_view(kind) == "dumb";
    return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1 && !dumb;
}

}  // namespace sotto::app
