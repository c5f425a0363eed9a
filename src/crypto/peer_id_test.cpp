// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <gtest/gtest.h>

#include "codec/multibase.hpp"
#include "codec/multihash.hpp"
#include "codec/protobuf.hpp"
#include "crypto/hash.hpp"
#include "crypto/keys.hpp"
#include "crypto/vectors_testing.hpp"

namespace sotto::crypto {
namespace {

using testing::hex;

constexpr std::string_view kEd25519 = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA";
constexpr std::string_view kHashed = "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N";
constexpr std::string_view kHashedCid = "bafzbeie5745rpv2m6tjyuugywy4d5ewrqgqqhfnf445he3omzpjbx5xqxe";
/// From the rendezvous code of Status: binary and text.
constexpr std::string_view kSecp256k1Hex =
    "00250802122103bb9fe0fa981b3b9db5723a3d8fb4696ccc947d908d76238c92130221c120a8c8";
constexpr std::string_view kSecp256k1 = "16Uiu2HAmRHPzF3rQg55PgYPcQkyvPVH9n2hWsYPhUJBZ6kVjJgdV";

PublicKey spec_key(const std::string& name) {
    return PublicKey::decode(hex(testing::read_vectors("libp2p/keys.json").at("keys_protobuf_hex." + name))).value();
}
Bytes cid(Byte version, Byte codec, BytesView multihash) {
    Bytes out{version, codec};
    append(out, multihash);
    return out;
}

TEST(PeerId, ReadsTheTextsOfTheSpecification) {
    EXPECT_EQ(PeerId::parse(kEd25519).value().to_string(), kEd25519);
    EXPECT_EQ(PeerId::parse(kHashed).value().to_string(), kHashed);
    EXPECT_EQ(PeerId::parse(kHashedCid).value(), PeerId::parse(kHashed).value());
}

TEST(PeerId, HoldsShortKeysAndHashesLongOnes) {
    const auto secp256k1 = PeerId::decode(hex(kSecp256k1Hex)).value();
    EXPECT_EQ(secp256k1.to_string(), kSecp256k1);
    EXPECT_EQ(PeerId::parse(kSecp256k1).value(), secp256k1);
    EXPECT_EQ(PeerId(secp256k1.public_key().value()), secp256k1);
    EXPECT_EQ(PeerId::parse(kEd25519).value().public_key().value().type, KeyType::ed25519);

    for (const auto* name : {"ED25519 public key", "secp256k1 public key"}) {
        const auto key = spec_key(name);
        EXPECT_EQ(PeerId(key).public_key().value(), key);
        EXPECT_EQ(PeerId(key).bytes(), multihash::encode(multihash::kIdentity, key.encode()));
    }
    for (const auto* name : {"rsa public key", "ECDSA public key"}) {
        const auto key = spec_key(name);
        EXPECT_EQ(PeerId(key).bytes(), multihash::encode(multihash::kSha256, sha256(key.encode())));
        EXPECT_TRUE(PeerId(key).to_string().starts_with("Qm"));
        EXPECT_EQ(PeerId(key).public_key().error(), Errc::not_found);
    }
}

TEST(PeerId, ReadsCidsInEveryBase) {
    const auto id = PeerId::parse(kHashed).value();
    const auto bytes = cid(1, 0x72, id.bytes());
    for (const auto base : {multibase::Base::base16,
                            multibase::Base::base32,
                            multibase::Base::base36,
                            multibase::Base::base58btc,
                            multibase::Base::base64url}) {
        EXPECT_EQ(PeerId::parse(multibase::encode(base, bytes)).value(), id);
    }
}

TEST(PeerId, RefusesOtherCidsAndHashes) {
    const auto hash = PeerId::parse(kHashed).value().bytes();
    const auto parse = [](BytesView bytes) {
        return PeerId::parse(multibase::encode(multibase::Base::base32, bytes)).has_value();
    };
    EXPECT_TRUE(parse(cid(1, 0x72, hash)));
    EXPECT_FALSE(parse(cid(1, 0x70, hash))) << "another codec";
    EXPECT_FALSE(parse(cid(0, 0x72, hash))) << "another version";
    EXPECT_FALSE(parse(cid(1, 0x72, {})));
    EXPECT_FALSE(parse({}));
    EXPECT_FALSE(PeerId::decode(multihash::encode(0x13, Bytes(64))).has_value()) << "sha2-512";
    EXPECT_FALSE(PeerId::decode(multihash::encode(multihash::kSha256, Bytes(20))).has_value()) << "a cut hash";
    EXPECT_TRUE(PeerId::decode(multihash::encode(multihash::kIdentity, Bytes(42))).has_value());
    EXPECT_FALSE(PeerId::decode(multihash::encode(multihash::kIdentity, Bytes(43))).has_value());
    EXPECT_FALSE(PeerId::decode(hex("0000")).has_value());
    EXPECT_FALSE(PeerId::decode({}).has_value());
}

TEST(PeerId, RefusesOtherTexts) {
    for (const std::string_view text : {"",
                                        "1",
                                        "Qm",
                                        "Q",
                                        "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5",
                                        "12D3KooW0",
                                        "hello",
                                        "b",
                                        "z",
                                        " ",
                                        "\xff"}) {
        EXPECT_FALSE(PeerId::parse(text).has_value()) << text;
    }
    EXPECT_FALSE(PeerId::parse(std::string(1'000'000, '1')).has_value());
    EXPECT_FALSE(PeerId::parse(std::string(kEd25519) + "1").has_value());
}

TEST(PeerId, GivesNoKeyInAnotherEncoding) {
    const auto key = spec_key("ED25519 public key");
    Bytes swapped;
    protobuf::Writer(swapped).bytes(2, key.data).uint(1, 1);
    const auto id = PeerId::decode(multihash::encode(multihash::kIdentity, swapped)).value();
    EXPECT_EQ(id.public_key().error(), Errc::malformed);
    EXPECT_FALSE(
        PeerId::decode(multihash::encode(multihash::kIdentity, Bytes(36, 1))).value().public_key().has_value());
    EXPECT_FALSE(PeerId().public_key().has_value());
    EXPECT_TRUE(PeerId().empty());
}

}  // namespace
}  // namespace sotto::crypto
