// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <string>
#include <string_view>

namespace sotto {

/// The inside of a JSON string: quotes, backslashes and control characters escaped, bytes that are not UTF-8 replaced.
/// Safe to print on a terminal too.
std::string escape_json(std::string_view text);

}  // namespace sotto
