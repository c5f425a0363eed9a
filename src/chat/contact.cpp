// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "chat/contact.hpp"

#include "crypto/hash.hpp"
#include "crypto/keys.hpp"

namespace sotto::chat {
namespace {

constexpr std::uint32_t kPartitions = 5000;
constexpr std::uint32_t kRounds = 65'356;  // sic: as every Whisper node derives keys from passwords
constexpr std::string_view kPeerIdStart = "16Uiu2";

Topic topic_of(std::string_view name) {
    return first_bytes<4>(crypto::keccak256(view_of(name)));
}

/// In hex.
Result<std::string> shared_secret(const crypto::secp256k1::Secret& ours, const Key& theirs) {
    SOTTO_TRY(auto secret, crypto::secp256k1::ecdh(ours, theirs));
    auto text = to_hex(secret);
    crypto::wipe(secret);
    return text;
}

std::unexpected<Error> no_key() {
    return fail(Errc::invalid_argument,
                "a person's key is 0x04 and 128 hex digits, 0x02 or 0x03 and 64, or a peer id that begins with 16Uiu2");
}

}  // namespace

Result<Key> parse_key(std::string_view text) {
    if (text.starts_with(kPeerIdStart)) {
        const auto id = crypto::PeerId::parse(text);
        if (!id) return no_key();
        const auto key = id->public_key();
        if (!key) return no_key();
        const auto point = key->node_id();
        if (!point) return no_key();
        return *point;
    }
    const auto bytes = from_hex(text);
    if (!bytes) return no_key();
    const auto point = crypto::secp256k1::parse_point(*bytes);
    if (!point) return no_key();
    return *point;
}

bool looks_like_key(std::string_view text) noexcept {
    return text.starts_with("0x") || text.starts_with(kPeerIdStart);
}

std::string key_text(const Key& key) {
    return to_hex_prefixed(crypto::secp256k1::uncompressed(key));
}

std::string short_name(const Key& key) {
    return to_hex(BytesView(key).first(4));
}

Topic discovery_topic(const Key& key) {
    std::uint32_t partition = 0;
    for (const Byte byte : BytesView(key).first(32)) partition = (partition * 256 + byte) % kPartitions;
    return topic_of("contact-discovery-" + std::to_string(partition));
}

Result<Topic> negotiated_topic(const crypto::secp256k1::Secret& ours, const Key& theirs) {
    SOTTO_TRY(auto secret, shared_secret(ours, theirs));
    const auto topic = topic_of(secret);
    crypto::wipe(secret);
    return topic;
}

Result<Negotiated> negotiate(const crypto::secp256k1::Secret& ours, const Key& theirs) {
    SOTTO_TRY(auto secret, shared_secret(ours, theirs));
    Negotiated negotiated;
    negotiated.topic = topic_of(secret);
    negotiated.key = first_bytes<32>(crypto::pbkdf2_sha256(view_of(secret), {}, kRounds, 32));
    crypto::wipe(secret);
    if (negotiated.topic == Topic{}) return fail(Errc::unsupported, "these two keys share a topic of zeros");
    return negotiated;
}

crypto::Hash256 message_id(const std::optional<Key>& signer, BytesView payload) {
    Bytes bytes;
    if (signer) append(bytes, crypto::secp256k1::uncompressed(*signer));
    append(bytes, payload);
    return crypto::keccak256(bytes);
}

}  // namespace sotto::chat
