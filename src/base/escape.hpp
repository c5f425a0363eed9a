// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <string>
#include <string_view>

namespace sotto {

bool is_utf8(std::string_view text) noexcept;

/// The inside of a JSON string: quotes, backslashes, control characters and characters that turn the direction of text
/// escaped, bytes that are not UTF-8 replaced. Safe to print on a terminal too.
std::string escape_json(std::string_view text);

/// JSON text that is whole already, with the controls and characters that turn the direction of text escaped that JSON
/// leaves as they are: safe to print on a terminal.
std::string escape_controls(std::string_view json);

/// What a stranger wrote, for one line of a terminal: quotes stay as they are, line breaks and tabs become spaces;
/// control characters, bytes that are not UTF-8 and characters that turn the direction of text become U+FFFD.
std::string printable(std::string_view text);

}  // namespace sotto
