// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "chat/contact.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>

#include "chat/clock.hpp"
#include "chat/seen.hpp"
#include "crypto/keys.hpp"

namespace sotto::chat {
namespace {

namespace json = boost::json;

json::value read_vectors() {
    std::ifstream file(SOTTO_VECTORS "/chat/contact.json");
    return json::parse(std::string(std::istreambuf_iterator<char>(file), {}));
}
std::string text_at(const json::value& object, const char* name) {
    return std::string(object.at(name).as_string());
}
ByteArray<32> secret_at(const json::value& object, const char* name) {
    return first_bytes<32>(*from_hex(text_at(object, name)));
}

TEST(Contact, AgreesWithItsVectors) {
    const auto vectors = read_vectors();
    ASSERT_GE(vectors.as_array().size(), 4u);
    for (const auto& vector : vectors.as_array()) {
        const auto alice = secret_at(vector, "aliceSecret");
        const auto bob = secret_at(vector, "bobSecret");
        const auto bob_key = crypto::secp256k1::public_key(bob);
        EXPECT_EQ(key_text(bob_key), text_at(vector, "bobKey"));
        EXPECT_EQ(to_hex(discovery_topic(bob_key)), text_at(vector, "bobDiscoveryTopic"));
        const auto ours = negotiate(alice, bob_key);
        const auto theirs = negotiate(bob, crypto::secp256k1::public_key(alice));
        ASSERT_TRUE(ours && theirs);
        EXPECT_EQ(to_hex(ours->topic), text_at(vector, "topic"));
        EXPECT_EQ(*negotiated_topic(alice, bob_key), ours->topic);
        EXPECT_EQ(to_hex(ours->key), text_at(vector, "key"));
        EXPECT_EQ(ours->topic, theirs->topic);
        EXPECT_EQ(ours->key, theirs->key);
        EXPECT_EQ(to_hex(message_id(crypto::secp256k1::public_key(alice), view_of(text_at(vector, "payload")))),
                  text_at(vector, "messageId"));
    }
}

TEST(Contact, IsKnownByEveryFormOfItsKey) {
    ByteArray<32> secret{};
    secret[31] = 7;
    const auto key = crypto::secp256k1::public_key(secret);
    const auto full = key_text(key);
    const auto peer_id = crypto::PeerId(crypto::PublicKey::from_secp256k1(key)).to_string();
    ASSERT_TRUE(full.starts_with("0x04"));
    for (const auto& text :
         {full, full.substr(2), full.substr(4), to_hex_prefixed(crypto::secp256k1::compress(key)), peer_id}) {
        const auto parsed = parse_key(text);
        ASSERT_TRUE(parsed) << text;
        EXPECT_EQ(*parsed, key);
    }
    EXPECT_TRUE(looks_like_key(full));
    EXPECT_TRUE(looks_like_key(peer_id));
    EXPECT_FALSE(looks_like_key("#lobby"));
    EXPECT_EQ(short_name(key), full.substr(4, 8));
}

TEST(Contact, IsNobodyByAnythingElse) {
    const std::string ed25519 = "12D3KooWPA6ax6t3jqTyGq73Zm1RmwppYqxaXzrtarfcTWGp5Wzx";
    for (const auto& text : {std::string(),
                             std::string("0x"),
                             "0x04" + std::string(128, '0'),
                             std::string("0x04zz"),
                             std::string("16Uiu2nonsense"),
                             ed25519,
                             "0x02" + std::string(64, 'f')}) {
        const auto parsed = parse_key(text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_EQ(parsed.error().code(), Errc::invalid_argument);
    }
}

TEST(Contact, KnowsTheLegacyTopicByItsName) {
    EXPECT_EQ(kLegacyDiscoveryTopic, first_bytes<4>(crypto::keccak256(view_of("contact-discovery"))));
}

TEST(MessageId, NamesSignerAndPayload) {
    const Key one{1};
    const Key two{2};
    const auto id = message_id(one, view_of("text"));
    EXPECT_EQ(id, message_id(one, view_of("text")));
    EXPECT_NE(id, message_id(two, view_of("text")));
    EXPECT_NE(id, message_id(std::nullopt, view_of("text")));
    EXPECT_NE(id, message_id(one, view_of("texts")));
}

TEST(LamportClock, IsTheTimeUnlessSomethingLaterWasRead) {
    LamportClock clock;
    EXPECT_EQ(clock.next(1000), 100'000u);
    EXPECT_EQ(clock.next(1000), 100'001u) << "two messages of one millisecond have an order";
    clock.observe(500'000, 1000);
    EXPECT_EQ(clock.next(1000), 500'001u);
    clock.observe(1, 1000);
    EXPECT_EQ(clock.next(6000), 600'000u);
}

TEST(LamportClock, FollowsABotAMonthAheadButNobodyForEver) {
    constexpr std::uint64_t kNow = 1'600'000'000'000;
    constexpr std::uint64_t kMonth = std::uint64_t{31} * 24 * 3600 * 1000;
    LamportClock clock;
    clock.observe((kNow + kMonth) * 100, kNow);
    EXPECT_EQ(clock.next(kNow), (kNow + kMonth) * 100 + 1);
    clock.observe((kNow + 3 * kMonth) * 100, kNow);
    clock.observe(~std::uint64_t{0}, kNow);
    EXPECT_EQ(clock.next(kNow), (kNow + kMonth) * 100 + 2);
}

TEST(SeenIds, KnowsTheLastOnes) {
    SeenIds seen(3);
    const auto id = [](Byte byte) { return crypto::keccak256(BytesView(&byte, 1)); };
    for (Byte byte = 1; byte <= 3; ++byte) EXPECT_TRUE(seen.insert(id(byte)));
    for (Byte byte = 1; byte <= 3; ++byte) EXPECT_FALSE(seen.insert(id(byte)));
    EXPECT_TRUE(seen.insert(id(4)));
    EXPECT_TRUE(seen.insert(id(1))) << "the oldest made room";
    EXPECT_FALSE(seen.insert(id(3)));
    EXPECT_FALSE(seen.insert(id(4)));
}

}  // namespace
}  // namespace sotto::chat
