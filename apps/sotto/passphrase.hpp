// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include "crypto/secret.hpp"
#include "verbs.hpp"

/// Secrets come from a file, a descriptor or the terminal; never from arguments or the environment, which others see.
namespace sotto::app {

/// A whole file, "-" for standard input, of at most `limit` bytes. Links are followed: /dev/fd/63 is one.
Result<crypto::SecretBytes> read_secret_file(const std::string& path, std::size_t limit);

enum class Ask : std::uint8_t { once, twice };

/// At most 1,024 bytes in one line; its end is no part of it. Asks on the terminal, without echo, when the source names
/// nothing. invalid_argument: a source that cannot be read, holds more than a line, or no terminal to ask on.
Result<crypto::SecretBytes> read_passphrase(const PassphraseSource& source, Ask ask);

}  // namespace sotto::app
