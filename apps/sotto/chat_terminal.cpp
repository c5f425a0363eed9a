// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "chat_terminal.hpp"

#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "signals.hpp"

namespace sotto::app {
namespace {

// Alternate screen, bracketed paste, no automatic line breaks; and back.
constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?2004h\x1b[?7l\x1b[2J";
constexpr std::string_view kLeave = "\x1b[?7h\x1b[?2004l\x1b[?25h\x1b[?1049l";

termios modes_before{};  // where a signal handler finds them

void write_all(std::string_view bytes) noexcept {
    while (!bytes.empty()) {
        const auto count = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
}

/// Async-signal-safe.
void restore() {
    write_all(kLeave);
    ::tcsetattr(STDIN_FILENO, TCSADRAIN, &modes_before);
}

}  // namespace

RawTerminal::RawTerminal() {
    ::tcgetattr(STDIN_FILENO, &modes_before);
    auto raw = modes_before;
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG | IEXTEN);
    raw.c_iflag &= ~static_cast<tcflag_t>(ICRNL | IXON);
    ::tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
    set_last_act(restore);
    write(kEnter);
}

RawTerminal::~RawTerminal() {
    set_last_act(nullptr);
    restore();
}

void RawTerminal::let_interrupt() const noexcept {
    termios modes{};
    ::tcgetattr(STDIN_FILENO, &modes);
    modes.c_lflag |= ISIG;
    modes.c_cc[VQUIT] = modes.c_cc[VSUSP] = _POSIX_VDISABLE;
    ::tcsetattr(STDIN_FILENO, TCSADRAIN, &modes);
}

RawTerminal::Size RawTerminal::size() const noexcept {
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {};
    return {size.ws_row, size.ws_col};
}

void RawTerminal::write(std::string_view bytes) const noexcept {
    write_all(bytes);
}

bool is_full_terminal() noexcept {
    const char* kind = std::getenv("TERM");
    const bool dumb = kind != nullptr && std::string_view(kind) == "dumb";
    return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1 && !dumb;
}

}  // namespace sotto::app
