// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "crypto/ecies.hpp"

#include <gtest/gtest.h>

#include "crypto/vectors_testing.hpp"

namespace sotto::crypto::ecies {
namespace {

using testing::counting_bytes;
using testing::hex;
using testing::hex_array;

const auto kIv = first_bytes<16>(counting_bytes(16));

/// EIP-8, "RLPx Handshake": in the file 7 holds the keys, 8 to 10 are the auth packets and 11 to 13 the acks.
class Eip8 : public ::testing::Test {
  protected:
    std::map<std::string, std::string> vectors = testing::read_vectors("eth/eip8.json");
    secp256k1::Secret a = secret("Static Key A");
    secp256k1::Secret b = secret("Static Key B");

    secp256k1::Secret secret(const std::string& name) const { return hex_array<32>(vectors.at("7.fields." + name)); }
    Bytes packet(int index) const { return hex(vectors.at(std::to_string(index) + ".hex")); }
    static Result<Bytes> open(const secp256k1::Secret& key, BytesView packet) {
        return decrypt(key, packet.subspan(2), packet.first(2));
    }
};

TEST_F(Eip8, OpensThePlainAuthAndAck) {
    const auto auth = decrypt(b, packet(8), {});
    ASSERT_TRUE(auth.has_value());
    ASSERT_EQ(auth->size(), 194u);
    EXPECT_EQ(to_hex(BytesView(*auth).subspan(97, 64)), to_hex(secp256k1::public_key(a)));
    EXPECT_EQ(to_hex(BytesView(*auth).subspan(161, 32)), vectors.at("7.fields.Nonce A"));
    const auto ack = decrypt(a, packet(11), {});
    ASSERT_TRUE(ack.has_value());
    EXPECT_EQ(to_hex(BytesView(*ack).first(64)), to_hex(secp256k1::public_key(secret("Ephemeral Key B"))));
    EXPECT_EQ(to_hex(BytesView(*ack).subspan(64, 32)), vectors.at("7.fields.Nonce B"));
}

TEST_F(Eip8, OpensThePacketsWhoseTagCoversTheirSize) {
    const auto nonce_a = hex(vectors.at("7.fields.Nonce A"));
    const auto nonce_b = hex(vectors.at("7.fields.Nonce B"));
    const auto contains = [](const Bytes& plain, const Bytes& part) {
        return std::ranges::search(plain, part).begin() != plain.end();
    };
    for (int index : {9, 10}) {
        const auto auth = open(b, packet(index));
        ASSERT_TRUE(auth.has_value()) << index;
        EXPECT_TRUE(contains(*auth, nonce_a));
        EXPECT_FALSE(decrypt(b, BytesView(packet(index)).subspan(2), {}).has_value()) << "without the size";
        EXPECT_FALSE(open(a, packet(index)).has_value()) << "with another key";
    }
    for (int index : {12, 13}) {
        const auto ack = open(a, packet(index));
        ASSERT_TRUE(ack.has_value()) << index;
        EXPECT_TRUE(contains(*ack, nonce_b));
    }
}

/// ethereum/tests BasicTests/crypto.json, "ecies_sec1_altered".
TEST(Ecies, OpensTheMessageOfEthereumTests) {
    const auto vectors = testing::read_vectors("keccak/crypto.json");
    const auto opened = decrypt(hex_array<32>(vectors.at("ecies1.key")), hex(vectors.at("ecies1.cipher")), {});
    ASSERT_TRUE(opened.has_value());
    EXPECT_EQ(to_hex(*opened), vectors.at("ecies1.payload"));
}

/// The shared point's X begins with two zero bytes. Computed with plain big integers, hashlib and the openssl tool.
TEST(Ecies, PadsASharedSecretWithLeadingZeros) {
    const auto secret = hex_array<32>("49a7b37aa6f6645917e7b807e9d1c00d4fa71f18343b0d4122a4d2df64dd6fee");
    const auto ephemeral = hex_array<32>("0000000000000000000000000000000000000000000000000000000000006dbb");
    const auto text = view_of("a shared secret with leading zeros");
    const auto sealed = encrypt(secp256k1::public_key(secret), text, view_of("mac data"), ephemeral, kIv).value();
    EXPECT_EQ(
        to_hex(sealed),
        "0410e5d7d69f25b7f4343cada1b609764a32b93ac1663a62249151b8cdb2f930df80b3dc6d52b92c0a6463c99e235eb345887abfdd38"
        "b1cf7496763b147b7ba468000102030405060708090a0b0c0d0e0f6da07b1b47b6268efabfe66c6bb7141290a0101184cb2024daadd1"
        "f847a795469e2c66128136c64152f3b6132a61c4c45935cd1d84eede68055266a5dabce44e630a");
    EXPECT_EQ(text_of(decrypt(secret, sealed, view_of("mac data")).value()), text_of(text));
}

TEST(Ecies, OpensWhatItSeals) {
    const auto secret = hex_array<32>("b71c71a67e1177ad4e901695e1b4b9ee17ae16c6668d313eac2f96dbcda3f291");
    const auto ephemeral = hex_array<32>("869d6ecf5211f1cc60418a13b9d870b22959d0c16f02bec714c960dd2298a32d");
    for (std::size_t size : {0U, 1U, 15U, 16U, 17U, 100'000U}) {
        const auto plain = counting_bytes(size);
        const auto sealed = encrypt(secp256k1::public_key(secret), plain, {}, ephemeral, kIv).value();
        EXPECT_EQ(sealed.size(), size + kOverhead);
        EXPECT_EQ(decrypt(secret, sealed, {}).value(), plain);
    }
}

TEST(Ecies, SealsForNoBadKey) {
    const auto good = hex_array<32>("b71c71a67e1177ad4e901695e1b4b9ee17ae16c6668d313eac2f96dbcda3f291");
    EXPECT_EQ(encrypt(secp256k1::Point{}, view_of("x"), {}, good, kIv).error(), Errc::malformed);
    EXPECT_EQ(encrypt(secp256k1::public_key(good), view_of("x"), {}, secp256k1::Secret{}, kIv).error(),
              Errc::invalid_argument);
}

TEST(Ecies, GivesOneErrorForAllThatIsWrong) {
    const auto secret = hex_array<32>("b71c71a67e1177ad4e901695e1b4b9ee17ae16c6668d313eac2f96dbcda3f291");
    const auto sealed = encrypt(secp256k1::public_key(secret), view_of("text"), {}, secret, kIv).value();
    const auto expected = decrypt(secret, {}, {}).error();
    EXPECT_EQ(expected, Errc::unauthentic);
    const auto check = [&](BytesView bad) {
        const auto opened = decrypt(secret, bad, {});
        ASSERT_FALSE(opened.has_value());
        EXPECT_EQ(opened.error().message(), expected.message());
    };
    for (std::size_t size = 0; size < sealed.size(); ++size) check(BytesView(sealed).first(size));
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        for (const Byte mask : {Byte{0x01}, Byte{0x80}, Byte{0xff}}) {
            auto changed = sealed;
            changed[i] ^= mask;
            check(changed);
        }
    }
    auto compressed = sealed;
    for (const Byte form : {Byte{2}, Byte{3}, Byte{6}, Byte{7}}) {
        compressed[0] = form;
        check(compressed);
    }
    EXPECT_FALSE(decrypt(secret, sealed, view_of("x")).has_value());
    EXPECT_FALSE(decrypt(secp256k1::Secret{}, sealed, {}).has_value());
}

}  // namespace
}  // namespace sotto::crypto::ecies
