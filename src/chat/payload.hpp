// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <optional>
#include <string>

#include "base/bytes.hpp"

/// What Status's apps say to one another over Whisper, as transit+json: docs/protocols/chat.md. Pure.
namespace sotto::chat {

inline constexpr std::size_t kMaxText = 64 * 1024;  ///< bytes
inline constexpr std::size_t kMaxNick = 64;         ///< bytes

enum class Kind : std::uint8_t {
    channel,  ///< for everybody in a public channel
    contact,  ///< for one person
};

struct Message {
    Kind kind = Kind::channel;
    std::string text;
    std::string nick;                ///< an extra key that only Sotto reads; empty when absent
    std::uint64_t clock = 0;         ///< LamportClock's
    std::uint64_t milliseconds = 0;  ///< since 1970, the sender's word
    /// Contact only, an extra key: the negotiated topic at which the sender listens for the recipient.
    std::optional<ByteArray<4>> offer = std::nullopt;
};

/// Whether others would read it. too_large: above kMaxText; malformed: not UTF-8. The detail is for people.
Result<void> check_text(std::string_view text);
/// The same of a nick, which may be empty.
Result<void> check_nick(std::string_view nick);

/// ["~#c4",[text,"text/plain",type,clock,milliseconds,["^ ","~:text",text,"~:nick",nick,"~:topic","0x01020304"]]]
/// Errors: those of check_text() and check_nick().
Result<Bytes> encode_message(const Message& message);
/// Malformed for anything else than a text message; fields that are not known are ignored. too_large: text above 64
/// KiB, nick above 64 bytes.
Result<Message> decode_message(BytesView payload);

}  // namespace sotto::chat
