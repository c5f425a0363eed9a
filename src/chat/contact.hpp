// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <optional>
#include <string>

#include "crypto/secp256k1.hpp"

/// One-to-one chat by public key: docs/protocols/chat.md 3. Pure.
namespace sotto::chat {

using Key = crypto::secp256k1::Point;
using Topic = ByteArray<4>;

/// A person by key: 0x04… (130 hex digits), bare X and Y (128), 0x02…/0x03… (66), or the peer id of a secp256k1 key
/// ("16Uiu2…"). Errors: invalid_argument.
Result<Key> parse_key(std::string_view text);
/// Whether the text is meant as a person's key rather than as the name of a channel: "0x…" or "16Uiu2…".
bool looks_like_key(std::string_view text) noexcept;
/// "0x04" and X || Y in hex, as Status writes it.
std::string key_text(const Key& key);
/// The first 8 hex digits of X: a name for who has none.
std::string short_name(const Key& key);

/// Where everybody listened until 2019, and bots still do: keccak256("contact-discovery")[0..4].
inline constexpr Topic kLegacyDiscoveryTopic{0xf8, 0x94, 0x6a, 0xac};
/// Where the owner of the key listens for first contact: keccak256("contact-discovery-<X mod 5000>")[0..4].
Topic discovery_topic(const Key& key);

/// What two people share without having said a word: the same from either side.
struct Negotiated {
    Topic topic{};
    ByteArray<32> key{};  ///< AES-256-GCM
};
/// The topic alone, which costs tens of microseconds. Errors: those of the point.
Result<Topic> negotiated_topic(const crypto::secp256k1::Secret& ours, const Key& theirs);
/// secret = X of the shared point, topic = keccak256(hex(secret))[0..4], key = PBKDF2-SHA256(hex(secret), no salt,
/// 65,356 rounds): tens of milliseconds, for the workers. Errors: those of the point; unsupported for the one topic in
/// 2^32 that Whisper cannot carry (all zero).
Result<Negotiated> negotiate(const crypto::secp256k1::Secret& ours, const Key& theirs);

/// Names a message whatever envelopes carry it: keccak256(0x04 || X || Y of the signer || payload).
crypto::Hash256 message_id(const std::optional<Key>& signer, BytesView payload);

}  // namespace sotto::chat
