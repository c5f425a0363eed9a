// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <string>

#include "base/bytes.hpp"

/// Public channels as Status's apps name them: docs/protocols/chat.md 2. Pure.
namespace sotto::chat {

/// "#lobby" and "lobby" are the same channel; the key's password and the topic are made of the bare name.
/// invalid_argument: empty, longer than 128 bytes, not UTF-8, or with control characters.
Result<std::string> channel_name(std::string_view text);
/// The first 4 bytes of keccak256(name).
ByteArray<4> channel_topic(std::string_view name);

}  // namespace sotto::chat
