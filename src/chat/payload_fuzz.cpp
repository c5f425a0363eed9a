// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "base/fuzz.hpp"
#include "chat/contact.hpp"
#include "chat/payload.hpp"

SOTTO_FUZZ(chat_payload) {
    const auto message = sotto::chat::decode_message(input);
    if (!message) return;
    const auto encoded = sotto::chat::encode_message(*message);
    SOTTO_FUZZ_CHECK(encoded);
    const auto again = sotto::chat::decode_message(*encoded);
    SOTTO_FUZZ_CHECK(again && again->kind == message->kind && again->text == message->text &&
                     again->nick == message->nick && again->offer == message->offer);
}

SOTTO_FUZZ(chat_key) {
    const auto key = sotto::chat::parse_key(sotto::text_of(input));
    if (!key) return;
    const auto again = sotto::chat::parse_key(sotto::chat::key_text(*key));
    SOTTO_FUZZ_CHECK(again && *again == *key);
}
