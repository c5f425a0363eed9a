// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "crypto/cipher.hpp"

#include <gtest/gtest.h>
#include <sodium.h>

#include "crypto/vectors_testing.hpp"

namespace sotto::crypto {
namespace {

using testing::counting_bytes;
using testing::hex;
using testing::hex_array;

const ByteArray<32> kKey = hex_array<32>("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");

Bytes seal(NoiseCipher& cipher, BytesView plain, BytesView associated = {}) {
    Bytes out(plain.size() + NoiseCipher::kTagSize);
    cipher.seal(Buffers(&plain, 1), associated, out);
    return out;
}

/// libsodium's AEAD, for nonces that Noise does not use too.
Bytes sodium_seal(const ByteArray<32>& key, const ByteArray<12>& nonce, BytesView plain, BytesView associated) {
    Bytes out(plain.size() + 16);
    crypto_aead_chacha20poly1305_ietf_encrypt(out.data(),
                                              nullptr,
                                              plain.data(),
                                              plain.size(),
                                              associated.data(),
                                              associated.size(),
                                              nullptr,
                                              nonce.data(),
                                              key.data());
    return out;
}

/// RFC 8439 has no vector with a Noise nonce: its vector vouches for libsodium, and libsodium for us.
TEST(NoiseCipher, IsTheCipherOfRfc8439) {
    const std::string_view text =
        "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would "
        "be it.";
    EXPECT_EQ(
        to_hex(sodium_seal(
            kKey, hex_array<12>("070000004041424344454647"), view_of(text), hex("50515253c0c1c2c3c4c5c6c7"))),
        "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71de0a9e0"
        "60b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576d2"
        "6586cec64b61161ae10b594f09e26a7e902ecbd0600691");
    NoiseCipher cipher(kKey);
    for (std::uint64_t i = 0; i < 300; ++i) {
        ByteArray<12> nonce{};
        nonce[4] = static_cast<Byte>(i);
        nonce[5] = static_cast<Byte>(i >> 8);
        const auto plain = counting_bytes(i * 3);
        const auto associated = counting_bytes(i % 40);
        ASSERT_EQ(cipher.nonce(), i);
        ASSERT_EQ(to_hex(seal(cipher, plain, associated)), to_hex(sodium_seal(kKey, nonce, plain, associated))) << i;
    }
}

TEST(NoiseCipher, GathersPieces) {
    NoiseCipher whole(kKey);
    NoiseCipher pieces(kKey);
    const auto plain = counting_bytes(300);
    const BytesView all(plain);
    const BytesView parts[] = {all.first(1), {}, all.subspan(1, 63), all.subspan(64, 100), all.subspan(164)};
    Bytes out(plain.size() + NoiseCipher::kTagSize);
    pieces.seal(Buffers(parts), view_of("ad"), out);
    EXPECT_EQ(to_hex(out), to_hex(seal(whole, plain, view_of("ad"))));
}

TEST(NoiseCipher, OpensWhatItSeals) {
    NoiseCipher sender(kKey);
    NoiseCipher receiver(kKey);
    for (std::size_t size : {0U, 1U, 16U, 64U, 255U, 65519U}) {
        const auto plain = counting_bytes(size);
        const auto sealed = seal(sender, plain, view_of("ad"));
        Bytes out(size);
        const auto opened = receiver.open(sealed, view_of("ad"), out);
        ASSERT_TRUE(opened.has_value());
        EXPECT_EQ(*opened, size);
        EXPECT_EQ(out, plain);
    }
}

TEST(NoiseCipher, OpensInPlace) {
    NoiseCipher sender(kKey);
    NoiseCipher receiver(kKey);
    const auto plain = counting_bytes(5000);
    auto sealed = seal(sender, plain);
    ASSERT_TRUE(receiver.open(sealed, {}, sealed).has_value());
    EXPECT_TRUE(equal(BytesView(sealed).first(plain.size()), plain));
}

TEST(NoiseCipher, RefusesEveryChangedBitAndKeepsItsNonce) {
    NoiseCipher sender(kKey);
    NoiseCipher receiver(kKey);
    const auto plain = counting_bytes(20);
    const auto sealed = seal(sender, plain, view_of("ad"));
    Bytes out(plain.size());
    for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
        auto changed = sealed;
        changed[bit / 8] ^= static_cast<Byte>(1 << bit % 8);
        const auto opened = receiver.open(changed, view_of("ad"), out);
        ASSERT_FALSE(opened.has_value());
        EXPECT_EQ(opened.error(), Errc::unauthentic);
        EXPECT_EQ(out, Bytes(plain.size())) << "plaintext that is not authentic stays";
    }
    EXPECT_FALSE(receiver.open(sealed, view_of("other"), out).has_value());
    for (std::size_t size = 0; size < sealed.size(); ++size) {
        ASSERT_FALSE(receiver.open(BytesView(sealed).first(size), view_of("ad"), out).has_value());
    }
    EXPECT_EQ(receiver.nonce(), 0u);
    EXPECT_TRUE(receiver.open(sealed, view_of("ad"), out).has_value());
    EXPECT_EQ(out, plain);
    EXPECT_FALSE(receiver.open(sealed, view_of("ad"), out).has_value()) << "a replay";
    EXPECT_EQ(receiver.nonce(), 1u);
}

TEST(NoiseCipher, SealsAndOpensByTurnsOnOneObject) {
    NoiseCipher cipher(kKey);
    NoiseCipher other(kKey);
    Bytes out(3);
    const auto first = seal(cipher, view_of("abc"));
    ASSERT_TRUE(other.open(first, {}, out).has_value());
    const auto second = seal(other, view_of("def"));
    ASSERT_TRUE(cipher.open(second, {}, out).has_value());
    EXPECT_EQ(text_of(out), "def");
    NoiseCipher moved = std::move(cipher);
    EXPECT_EQ(moved.nonce(), 2u);
}

const Bytes kNistPlain = hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51");
const Bytes kNistCounter = hex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
const ByteArray<32> kNistKey256 = hex_array<32>("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4");

TEST(AesCtr, MatchesSp80038a) {
    Bytes out(kNistPlain.size());
    AesCtr(hex("2b7e151628aed2a6abf7158809cf4f3c"), kNistCounter).apply(kNistPlain, out);
    EXPECT_EQ(to_hex(out), "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff");
    AesCtr(kNistKey256, kNistCounter).apply(kNistPlain, out);
    EXPECT_EQ(to_hex(out), "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5");
}

TEST(AesCtr, ContinuesItsKeystream) {
    const auto plain = counting_bytes(1000);
    Bytes whole = plain;
    AesCtr(kNistKey256, kNistCounter).apply(whole);
    Bytes pieces = plain;
    AesCtr cipher(kNistKey256, kNistCounter);
    for (std::size_t at = 0, size = 1; at < plain.size(); at += size++) {
        cipher.apply(BytesSpan(pieces).subspan(at, std::min(size, plain.size() - at)));
    }
    EXPECT_EQ(pieces, whole);
    cipher.apply(BytesSpan{});
}

TEST(Aes256Block, MatchesSp80038a) {
    Aes256Block cipher(kNistKey256);
    const BytesView plain(kNistPlain);
    EXPECT_EQ(to_hex(cipher.encrypt(plain.first(16))), "f3eed1bdb5d2a03c064b5a7e3db181f8");
    EXPECT_EQ(to_hex(cipher.encrypt(plain.subspan(16))), "591ccb10d410ed26dc5ba74a31362870");
    EXPECT_EQ(to_hex(cipher.encrypt(plain.first(16))), "f3eed1bdb5d2a03c064b5a7e3db181f8");
}

struct Gcm {
    ByteArray<32> key = hex_array<32>("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
    Bytes nonce = hex("cafebabefacedbaddecaf888");
    Bytes plain =
        hex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa"
            "0de65"
            "7ba637b39");
    Bytes associated = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    Bytes sealed =
        hex("522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393"
            "ba7a0"
            "abcc9f66276fc6ece0f4e1768cddf8853bb2d551b");
};

TEST(Aes256Gcm, MatchesTestCase16OfTheGcmSpecification) {
    const Gcm gcm;
    EXPECT_EQ(to_hex(aes256_gcm_seal(gcm.key, gcm.nonce, gcm.plain, gcm.associated)), to_hex(gcm.sealed));
    EXPECT_EQ(aes256_gcm_open(gcm.key, gcm.nonce, gcm.sealed, gcm.associated).value(), gcm.plain);
}

TEST(Aes256Gcm, RefusesWhatIsNotAuthentic) {
    const Gcm gcm;
    for (std::size_t i = 0; i < gcm.sealed.size(); ++i) {
        auto changed = gcm.sealed;
        changed[i] ^= 0x80;
        EXPECT_EQ(aes256_gcm_open(gcm.key, gcm.nonce, changed, gcm.associated).error(), Errc::unauthentic);
        EXPECT_FALSE(aes256_gcm_open(gcm.key, gcm.nonce, BytesView(gcm.sealed).first(i), gcm.associated).has_value());
    }
    EXPECT_FALSE(aes256_gcm_open(gcm.key, gcm.nonce, gcm.sealed).has_value());
}

TEST(Aes256Gcm, SealsNothing) {
    const Gcm gcm;
    const auto sealed = aes256_gcm_seal(gcm.key, gcm.nonce, {});
    EXPECT_EQ(sealed.size(), 16u);
    EXPECT_TRUE(aes256_gcm_open(gcm.key, gcm.nonce, sealed).value().empty());
}

}  // namespace
}  // namespace sotto::crypto
