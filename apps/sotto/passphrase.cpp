// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "passphrase.hpp"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "crypto/hash.hpp"
#include "crypto/keystore.hpp"
#include "node/files.hpp"

namespace sotto::app {
namespace {

using crypto::keystore::kMaxPassphrase;

std::unexpected<Error> cannot_read(const std::string& name) {
    return fail(Errc::invalid_argument, name + ": " + std::strerror(errno));
}

/// To its end.
Result<crypto::SecretBytes> read_descriptor(int fd, std::size_t limit, const std::string& name) {
    crypto::SecretBytes secret(limit + 1);
    std::size_t size = 0;
    while (size < secret.size()) {
        const auto into = secret.span().subspan(size);
        const auto count = ::read(fd, into.data(), into.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return cannot_read(name);
        if (count == 0) break;
        size += static_cast<std::size_t>(count);
    }
    if (size > limit) return fail(Errc::invalid_argument, name + ": more than " + std::to_string(limit) + " bytes");
    secret.shrink(size);
    return secret;
}

Result<crypto::SecretBytes> read_named(const std::string& path, std::size_t limit, const std::string& name) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return cannot_read(name);
    node::warn_of_readers(path, fd);
    auto secret = read_descriptor(fd, limit, name);
    ::close(fd);
    return secret;
}

Result<crypto::SecretBytes> only_line(Result<crypto::SecretBytes> content, const std::string& name) {
    if (!content) return content;
    auto text = text_of(content->view());
    if (text.ends_with('\n')) text.remove_suffix(1);
    if (text.ends_with('\r')) text.remove_suffix(1);
    if (text.contains('\n')) return fail(Errc::invalid_argument, name + ": a passphrase is one line");
    content->shrink(text.size());
    return content;
}

/// The controlling terminal without echo, for as long as this lives.
class QuietTerminal {
  public:
    QuietTerminal() : fd_(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) {
        if (fd_ < 0 || ::tcgetattr(fd_, &before_) != 0) return;
        auto quiet = before_;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO | ISIG);
        quiet.c_lflag |= ICANON;
        // Ctrl-C ends the line instead of the process, which could leave the terminal without echo.
        quiet.c_cc[VEOL] = kInterrupt;
        ready_ = ::tcsetattr(fd_, TCSAFLUSH, &quiet) == 0;
    }
    QuietTerminal(const QuietTerminal&) = delete;
    QuietTerminal& operator=(const QuietTerminal&) = delete;
    ~QuietTerminal() {
        if (ready_) ::tcsetattr(fd_, TCSAFLUSH, &before_);
        if (fd_ >= 0) ::close(fd_);
    }
    explicit operator bool() const noexcept { return ready_; }

    /// The terminal edits the line and gives it whole.
    Result<crypto::SecretBytes> ask(std::string_view prompt) const {
        say(prompt);
        crypto::SecretBytes line(kMaxPassphrase + 2);
        const auto count = ::read(fd_, line.span().data(), line.size());
        say("\n");
        const auto text = text_of(line.view().first(count > 0 ? static_cast<std::size_t>(count) : 0));
        if (text.empty() || text.ends_with(kInterrupt)) return fail(Errc::io, "no passphrase was given");
        if (text.size() == line.size()) return fail(Errc::invalid_argument, "the passphrase is too long");
        line.shrink(text.ends_with('\n') ? text.size() - 1 : text.size());
        return line;
    }

  private:
    static constexpr char kInterrupt = 3;

    void say(std::string_view text) const {
        // Nothing to be done about a prompt that cannot be shown: the answer decides.
        [[maybe_unused]] const auto written = ::write(fd_, text.data(), text.size());
    }

    int fd_;
    bool ready_ = false;
    termios before_{};
};

Result<crypto::SecretBytes> ask_on_terminal(Ask ask) {
    const QuietTerminal terminal;
    if (!terminal) {
        return fail(Errc::invalid_argument,
                    "there is no terminal to ask for the passphrase; give --passphrase-file or --passphrase-fd");
    }
    SOTTO_TRY(auto passphrase, terminal.ask("Passphrase: "));
    if (ask == Ask::once) return passphrase;
    SOTTO_TRY(const auto again, terminal.ask("The same again: "));
    if (crypto::equal_constant_time(passphrase.view(), again.view())) return passphrase;
    return fail(Errc::io, "the two passphrases differ");
}

}  // namespace

Result<crypto::SecretBytes> read_secret_file(const std::string& path, std::size_t limit) {
    if (path == "-") return read_descriptor(STDIN_FILENO, limit, "standard input");
    return read_named(path, limit, path);
}

Result<crypto::SecretBytes> read_passphrase(const PassphraseSource& source, Ask ask) {
    if (source.file) {
        const auto name = "--passphrase-file " + *source.file;
        return only_line(read_named(*source.file, kMaxPassphrase + 2, name), name);
    }
    if (source.descriptor) {
        const auto name = "--passphrase-fd " + std::to_string(*source.descriptor);
        return only_line(read_descriptor(*source.descriptor, kMaxPassphrase + 2, name), name);
    }
    return ask_on_terminal(ask);
}

}  // namespace sotto::app
