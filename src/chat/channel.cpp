// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "chat/channel.hpp"

#include <algorithm>

#include "base/escape.hpp"
#include "crypto/keccak.hpp"

namespace sotto::chat {
namespace {

constexpr std::size_t kMaxName = 128;

}  // namespace

Result<std::string> channel_name(std::string_view text) {
    if (text.starts_with('#')) text.remove_prefix(1);
    if (text.empty()) return fail(Errc::invalid_argument, "a channel has a name, such as #lobby");
    if (text.size() > kMaxName) return fail(Errc::invalid_argument, "a channel's name has at most 128 bytes");
    if (!is_utf8(text)) return fail(Errc::invalid_argument, "a channel's name is UTF-8");
    const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    if (std::ranges::any_of(text, control))
        return fail(Errc::invalid_argument, "a channel's name has no control characters");
    return std::string(text);
}

ByteArray<4> channel_topic(std::string_view name) {
    return first_bytes<4>(crypto::keccak256(view_of(name)));
}

}  // namespace sotto::chat
