// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "whisper/keys.hpp"

#include "whisper/golden_testing.hpp"

namespace sotto::whisper {
namespace {

using testing::hex;
using testing::TestRandom;

const Secret kAlice = first_bytes<32>(hex("b71c71a67e1177ad4e901695e1b4b9ee17ae16c6668d313eac2f96dbcda3f291"));

TEST(Keys, DerivesWhatTheOriginalDerives) {
    EXPECT_EQ(to_hex(key_from_password("status-offline-inbox")),
              "765df27c0765526f920ba742ff4b9452bb0064e016435ffccd81186aa6feaae8");
    const auto text = public_key_text(crypto::secp256k1::public_key(kAlice));
    EXPECT_TRUE(text.starts_with("0x04ca634cae0d49acb401d8a4c6b6fe8c55b70d115bf400769cc1400f3258cd3138"));
    EXPECT_EQ(key_pair_id(text), "fb12d282cb1fa4e353e953b7fe774ac4106524be39e8d2f602eacfb7f4c7adcb");
    EXPECT_EQ(key_pair_id(key_pair_id(text)), key_pair_id(text));
}

TEST(Keys, StoresBothKindsUnderTheirIds) {
    TestRandom random(1);
    KeyStore store(10);
    const auto key = random.array<32>();
    ASSERT_TRUE(store.add_symmetric("a", key).has_value());
    EXPECT_EQ(*store.symmetric("a"), key);
    EXPECT_EQ(store.add_symmetric("a", key).error(), Errc::exists);
    EXPECT_EQ(store.secret("a"), nullptr);
    ASSERT_TRUE(store.add_pair("a", kAlice, Export::allowed).has_value());
    EXPECT_TRUE(store.add_pair("a", kAlice, Export::allowed).has_value());
    EXPECT_EQ(*store.secret("a"), kAlice);
    EXPECT_TRUE(store.remove_symmetric("a"));
    EXPECT_FALSE(store.remove_symmetric("a"));
    EXPECT_EQ(store.symmetric("a"), nullptr);
    EXPECT_TRUE(store.remove_pair("a"));
    EXPECT_EQ(store.secret("a"), nullptr);
}

TEST(Keys, WhatIsNotForExportOnceStaysSoUntilItIsRemoved) {
    KeyStore store(10);
    EXPECT_EQ(store.exported("a").error(), Errc::not_found);
    ASSERT_TRUE(store.add_pair("a", kAlice, Export::allowed).has_value());
    EXPECT_EQ(**store.exported("a"), kAlice);
    ASSERT_TRUE(store.add_pair("a", kAlice, Export::forbidden).has_value());
    ASSERT_TRUE(store.add_pair("a", kAlice, Export::allowed).has_value());
    EXPECT_EQ(store.exported("a").error(), Errc::unsupported);
    EXPECT_EQ(*store.secret("a"), kAlice) << "it may be used";
    EXPECT_TRUE(store.remove_pair("a"));
    ASSERT_TRUE(store.add_pair("a", kAlice, Export::allowed).has_value());
    EXPECT_TRUE(store.exported("a").has_value());
}

TEST(Keys, RefusesWhatIsNoKeyAndMoreThanTheLimit) {
    TestRandom random(2);
    KeyStore store(2);
    EXPECT_EQ(store.add_symmetric("zero", SymmetricKey{}).error(), Errc::invalid_argument);
    EXPECT_EQ(store.add_pair("zero", Secret{}, Export::allowed).error(), Errc::invalid_argument);
    Secret order;
    order.fill(0xff);
    EXPECT_EQ(store.add_pair("order", order, Export::allowed).error(), Errc::invalid_argument);
    EXPECT_TRUE(store.add_symmetric("1", random.array<32>()).has_value());
    EXPECT_TRUE(store.add_symmetric("2", random.array<32>()).has_value());
    EXPECT_EQ(store.add_symmetric("3", random.array<32>()).error(), Errc::busy);
}

TEST(Keys, RandomIdsAre64HexDigitsAndDiffer) {
    TestRandom random(3);
    const auto a = random_id(random);
    EXPECT_EQ(a.size(), 64u);
    EXPECT_TRUE(from_hex(a).has_value());
    EXPECT_NE(a, random_id(random));
}

}  // namespace
}  // namespace sotto::whisper
