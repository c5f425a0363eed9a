// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "base/fuzz.hpp"
#include "chat/channel.hpp"

SOTTO_FUZZ(chat_message) {
    const auto message = sotto::chat::decode_message(input);
    if (!message) return;
    const auto again = sotto::chat::decode_message(sotto::chat::encode_message(*message));
    SOTTO_FUZZ_CHECK(again && again->text == message->text && again->nick == message->nick);
}
