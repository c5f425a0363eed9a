// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "crypto/keys.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <new>

#include "codec/protobuf.hpp"
#include "crypto/libraries.hpp"
#include "crypto/secp256k1.hpp"
#include "crypto/vectors_testing.hpp"

namespace sotto::crypto {
namespace {

using testing::counting_bytes;
using testing::hex;
using testing::hex_array;

/// libp2p/specs peer-ids/peer-ids.md, "Test vectors".
Bytes spec_key(const std::string& name) {
    static const auto vectors = testing::read_vectors("libp2p/keys.json");
    return hex(vectors.at("keys_protobuf_hex." + name));
}
Bytes encoded(std::uint64_t type, BytesView data) {
    Bytes out;
    protobuf::Writer(out).uint(1, type).bytes(2, data);
    return out;
}
PrivateKey key_of(KeyType type, Byte fill = 7) {
    return PrivateKey::make(type, Bytes(32, fill)).value();
}

/// SHA-256 signature by OpenSSL, with the private key of the specification: the DER is the data of the protobuf.
Bytes openssl_sign(const std::string& name, int type, BytesView message) {
    const auto encoded_key = spec_key(name);
    protobuf::Reader reader(encoded_key);
    (void)reader.next();
    const auto data = reader.next().value().value().bytes;
    const unsigned char* der = data.data();
    const libraries::Owned<evp_pkey_st> key(d2i_PrivateKey(type, nullptr, &der, static_cast<long>(data.size())));
    const libraries::Owned<evp_md_ctx_st> context(EVP_MD_CTX_new());
    EXPECT_EQ(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()), 1);
    Bytes out(1024);
    std::size_t size = out.size();
    EXPECT_EQ(EVP_DigestSign(context.get(), out.data(), &size, message.data(), message.size()), 1);
    out.resize(size);
    return out;
}

void expect_verifies_only(const PublicKey& key, BytesView message, const Bytes& signature) {
    EXPECT_TRUE(key.verify(message, signature));
    EXPECT_FALSE(key.verify(view_of("another message"), signature));
    EXPECT_FALSE(key.verify(message, {}));
    EXPECT_FALSE(key.verify(message, BytesView(signature).first(signature.size() - 1)));
    auto longer = signature;
    longer.push_back(0);
    EXPECT_FALSE(key.verify(message, longer));
    for (std::size_t i = 0; i < signature.size(); i += 5) {
        auto changed = signature;
        changed[i] ^= 0x04;
        EXPECT_FALSE(key.verify(message, changed)) << i;
    }
}

TEST(PublicKey, ReadsAndWritesTheFourTypes) {
    const std::map<std::string, KeyType> names = {{"rsa public key", KeyType::rsa},
                                                  {"ED25519 public key", KeyType::ed25519},
                                                  {"secp256k1 public key", KeyType::secp256k1},
                                                  {"ECDSA public key", KeyType::ecdsa}};
    for (const auto& [name, type] : names) {
        const auto bytes = spec_key(name);
        const auto key = PublicKey::decode(bytes);
        ASSERT_TRUE(key.has_value()) << name;
        EXPECT_EQ(key->type, type);
        EXPECT_EQ(to_hex(key->encode()), to_hex(bytes));
    }
}

TEST(PublicKey, VerifiesRsa) {
    const auto key = PublicKey::decode(spec_key("rsa public key")).value();
    expect_verifies_only(key, view_of("message"), openssl_sign("rsa private key", EVP_PKEY_RSA, view_of("message")));
}

TEST(PublicKey, VerifiesEcdsa) {
    const auto key = PublicKey::decode(spec_key("ECDSA public key")).value();
    expect_verifies_only(key, view_of("message"), openssl_sign("ECDSA private key", EVP_PKEY_EC, view_of("message")));
}

TEST(PublicKey, VerifiesWhatOurKeysSign) {
    for (const auto type : {KeyType::secp256k1, KeyType::ed25519}) {
        const auto key = key_of(type);
        expect_verifies_only(key.public_key(), view_of("message"), key.sign(view_of("message")));
        EXPECT_FALSE(key_of(type, 8).public_key().verify(view_of("message"), key.sign(view_of("message"))));
        EXPECT_TRUE(key.public_key().verify({}, key.sign({})));
    }
}

TEST(PublicKey, NeverVerifiesWithUnusableData) {
    for (const auto type : {KeyType::rsa, KeyType::ed25519, KeyType::secp256k1, KeyType::ecdsa}) {
        for (std::size_t size : {0U, 1U, 32U, 33U, 64U, 91U, 300U}) {
            const PublicKey key{.type = type, .data = Bytes(size)};
            EXPECT_FALSE(key.verify(view_of("message"), Bytes(64)));
            EXPECT_FALSE(key.verify(view_of("message"), {}));
        }
    }
}

/// With such a key and S = 0 the equation of Ed25519 holds for messages that its owner never signed.
TEST(PublicKey, NeverVerifiesWithALowOrderKey) {
    for (const auto* point : {
             "0100000000000000000000000000000000000000000000000000000000000000",
             "0000000000000000000000000000000000000000000000000000000000000000",
             "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
             "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
         }) {
        const PublicKey key{.type = KeyType::ed25519, .data = hex(point)};
        for (const auto* r : {point, "0100000000000000000000000000000000000000000000000000000000000000"}) {
            Bytes signature = hex(r);
            signature.resize(64);
            EXPECT_FALSE(key.verify(view_of("message"), signature)) << point;
        }
    }
}

TEST(PublicKey, RefusesUnusableKeys) {
    const auto refused = [](std::uint64_t type, BytesView data) { return !PublicKey::decode(encoded(type, data)); };
    EXPECT_TRUE(refused(2, hex("020000000000000000000000000000000000000000000000000000000000000005")))
        << "off the curve";
    const auto point = secp256k1::public_key(hex_array<32>(std::string(63, '0') + "1"));
    EXPECT_FALSE(refused(2, secp256k1::compress(point)));
    EXPECT_TRUE(refused(2, secp256k1::uncompressed(point)));
    EXPECT_TRUE(refused(2, point));
    EXPECT_TRUE(refused(1, Bytes(31)));
    EXPECT_TRUE(refused(1, Bytes(33)));
    EXPECT_TRUE(refused(1, hex("0200000000000000000000000000000000000000000000000000000000000000"))) << "no point";
    auto ecdsa = spec_key("ECDSA public key");
    ecdsa.back() ^= 1;
    EXPECT_EQ(PublicKey::decode(ecdsa).error(), Errc::malformed) << "off the curve";
    EXPECT_EQ(PublicKey::decode(encoded(4, Bytes(32))).error(), Errc::unsupported);
    EXPECT_EQ(PublicKey::decode(encoded(1 << 20, Bytes(32))).error(), Errc::unsupported);
}

TEST(PublicKey, RefusesBrokenMessages) {
    const auto good = spec_key("ED25519 public key");
    for (std::size_t size = 0; size < good.size(); ++size) {
        EXPECT_FALSE(PublicKey::decode(BytesView(good).first(size)).has_value()) << size;
    }
    EXPECT_EQ(PublicKey::decode(Bytes(2049)).error(), Errc::too_large);
    EXPECT_FALSE(PublicKey::decode(hex("0a010112201ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e")))
        << "the type as bytes";
}

TEST(PublicKey, IsWrittenAnewWhateverItsOrderWas) {
    const auto good = spec_key("ED25519 public key");
    Bytes other;
    protobuf::Writer(other).bytes(2, BytesView(good).subspan(4)).uint(9, 5).uint(1, 1);
    EXPECT_EQ(PublicKey::decode(other).value().encode(), good);
}

TEST(PublicKey, GivesTheNodeIdOfSecp256k1Only) {
    const auto key = key_of(KeyType::secp256k1);
    const auto id = key.public_key().node_id().value();
    EXPECT_EQ(id, secp256k1::public_key(key.secret()));
    EXPECT_EQ(PublicKey::from_secp256k1(id), key.public_key());
    EXPECT_EQ(key_of(KeyType::ed25519).public_key().node_id().error(), Errc::unsupported);
}

TEST(PrivateKey, ReadsAndWritesTheSpecifiedKeys) {
    for (const std::string type : {"ED25519", "secp256k1"}) {
        const auto bytes = spec_key(type + " private key");
        const auto key = PrivateKey::decode(bytes);
        ASSERT_TRUE(key.has_value()) << type;
        EXPECT_EQ(to_hex(key->public_key().encode()), to_hex(spec_key(type + " public key")));
        EXPECT_EQ(to_hex(key->encode()), to_hex(bytes));
    }
    EXPECT_EQ(PrivateKey::decode(spec_key("rsa private key")).error(), Errc::unsupported);
    EXPECT_EQ(PrivateKey::decode(spec_key("ECDSA private key")).error(), Errc::unsupported);
}

TEST(PrivateKey, ReadsTheOldEd25519FormOnlyWhenItsCopiesAgree) {
    const auto key = key_of(KeyType::ed25519);
    Bytes data = to_bytes(key.secret());
    append(data, key.public_key().data);
    append(data, key.public_key().data);
    EXPECT_EQ(PrivateKey::decode(encoded(1, data)).value().secret(), key.secret());
    for (std::size_t at : {0U, 32U, 64U, 95U}) {
        auto changed = data;
        changed[at] ^= 1;
        EXPECT_FALSE(PrivateKey::decode(encoded(1, changed)).has_value()) << at;
    }
    for (std::size_t size : {0U, 31U, 32U, 63U, 65U, 95U}) {
        EXPECT_FALSE(PrivateKey::decode(encoded(1, BytesView(data).first(size))).has_value()) << size;
    }
}

TEST(PrivateKey, RefusesWhatIsNoSecret) {
    EXPECT_FALSE(PrivateKey::make(KeyType::secp256k1, Bytes(32)).has_value());
    EXPECT_FALSE(PrivateKey::make(KeyType::secp256k1, Bytes(32, 0xff)).has_value());
    EXPECT_FALSE(PrivateKey::make(KeyType::secp256k1, Bytes(31, 1)).has_value());
    EXPECT_FALSE(PrivateKey::make(KeyType::ed25519, Bytes(33, 1)).has_value());
    EXPECT_EQ(PrivateKey::make(KeyType::rsa, Bytes(32, 1)).error(), Errc::unsupported);
}

TEST(PrivateKey, SignsAsRfc8032) {
    const auto key =
        PrivateKey::make(KeyType::ed25519, hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"))
            .value();
    EXPECT_EQ(to_hex(key.public_key().data), "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    EXPECT_EQ(
        to_hex(key.sign({})),
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595b"
        "be24655141438e7a100b");
}

TEST(PrivateKey, LeavesNoSecretBehind) {
    alignas(PrivateKey) Byte storage[sizeof(PrivateKey)];
    const auto secret = counting_bytes(32, 1);
    auto* key = new (storage) PrivateKey(PrivateKey::make(KeyType::secp256k1, secret).value());
    const auto offset = reinterpret_cast<const Byte*>(&key->secret()) - storage;
    const auto place = BytesView(storage).subspan(static_cast<std::size_t>(offset), 32);
    EXPECT_TRUE(equal(place, secret));
    key->~PrivateKey();
    EXPECT_TRUE(equal(place, Bytes(32)));
}

}  // namespace
}  // namespace sotto::crypto
