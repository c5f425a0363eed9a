// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "passphrase.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "crypto/keystore.hpp"

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

/// OpenSSL's prompt restores the terminal on a signal too, and compares when it asks twice.
Result<crypto::SecretBytes> ask_on_terminal(Ask ask) {
    const int terminal = ::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (terminal < 0) {
        return fail(Errc::invalid_argument,
                    "there is no terminal to ask for the passphrase; give --passphrase-file or --passphrase-fd");
    }
    ::close(terminal);
    crypto::SecretBytes secret(kMaxPassphrase + 1);
    auto* const text = reinterpret_cast<char*>(secret.span().data());
    const bool twice = ask == Ask::twice;
    if (EVP_read_pw_string_min(text, twice ? 1 : 0, kMaxPassphrase, "Passphrase: ", twice) != 0) {
        return fail(Errc::io, twice ? "no passphrase was given, or the two differ" : "no passphrase was given");
    }
    secret.shrink(std::strlen(text));
    return secret;
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
