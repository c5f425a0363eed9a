// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <string>

#include "base/bytes.hpp"

/// Public channels as Status's apps speak them over Whisper: the payload is transit+json.
namespace sotto::chat {

struct ChannelMessage {
    std::string text;
    std::string nick;                ///< an extra key that only Sotto reads; empty when absent
    std::uint64_t clock = 0;         ///< Lamport-like: 100 * milliseconds, or one above the last seen
    std::uint64_t milliseconds = 0;  ///< since 1970, the sender's word
};

/// "#lobby" and "lobby" are the same channel; the key's password and the topic are made of the bare name.
/// invalid_argument: empty, longer than 128 bytes, or with control characters.
Result<std::string> channel_name(std::string_view text);
/// The first 4 bytes of keccak256(name).
ByteArray<4> channel_topic(std::string_view name);

/// ["~#c4",[text,"text/plain","~:public-group-user-message",clock,milliseconds,["^ ","~:text",text,"~:nick",nick]]]
Bytes encode_message(const ChannelMessage& message);
/// Malformed for anything else than a public text message; fields that are not known are ignored. Text is at most 64
/// KiB.
Result<ChannelMessage> decode_message(BytesView payload);

}  // namespace sotto::chat
