// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "whisper/message.hpp"

#include "whisper/filter.hpp"
#include "whisper/golden_testing.hpp"

namespace sotto::whisper {
namespace {

using testing::hex;
using testing::TestRandom;

const Secret kAlice = first_bytes<32>(hex("b71c71a67e1177ad4e901695e1b4b9ee17ae16c6668d313eac2f96dbcda3f291"));

Result<Bytes> open_golden(testing::Golden& golden, BytesView data) {
    if (!golden["SymKey"].empty()) return open_symmetric(first_bytes<32>(hex(golden["SymKey"])), data);
    return open_asymmetric(first_bytes<32>(hex(golden["PrivDst"])), data);
}

TEST(Message, OpensWhatTheOriginalSealed) {
    for (const auto* file : {"golden_envelopes_pow_eip627.json", "golden_envelopes_pow_old.json"}) {
        for (auto& golden : testing::read_golden(file)) {
            SCOPED_TRACE(golden["Name"]);
            const Bytes raw = hex(golden["Envelope"]);
            const auto plain = open_golden(golden, decode_envelope(raw)->data);
            ASSERT_TRUE(plain.has_value());
            const auto message = decode_plaintext(*plain);
            ASSERT_TRUE(message.has_value());
            EXPECT_EQ(to_hex(message->payload), golden["Payload"]);
            EXPECT_EQ(to_hex(message->padding), golden["Padding"]);
            const auto source = message->source ? to_hex(crypto::secp256k1::uncompressed(*message->source)) : "";
            EXPECT_EQ(source, golden["PubSrc"]);
        }
    }
}

TEST(Message, WritesTheSamePlaintextAsTheOriginal) {
    TestRandom random(1);
    for (auto& golden : testing::read_golden("golden_envelopes_pow_eip627.json")) {
        const Bytes raw = hex(golden["Envelope"]);
        const auto plain = open_golden(golden, decode_envelope(raw)->data);
        const Bytes payload = hex(golden["Payload"]);
        const Bytes padding = hex(golden["Padding"]);
        const auto again = encode_plaintext(payload, padding, golden["PubSrc"].empty() ? nullptr : &kAlice, random);
        // Signatures are deterministic on both sides (RFC 6979), so even those agree.
        EXPECT_EQ(to_hex(*again), to_hex(*plain)) << golden["Name"];
    }
}

TEST(Message, RandomPaddingFillsToTheNextMultipleOf256) {
    TestRandom random(2);
    for (const std::size_t size : {0u, 1u, 100u, 253u, 254u, 255u, 256u, 300u, 65'535u, 65'536u}) {
        for (const auto* signer : {static_cast<const Secret*>(nullptr), &kAlice}) {
            const Bytes payload = random.bytes(size);
            const auto plain = encode_plaintext(payload, {}, signer, random);
            ASSERT_TRUE(plain.has_value());
            EXPECT_EQ(plain->size() % 256, 0u);
            const auto message = decode_plaintext(*plain);
            ASSERT_TRUE(message.has_value());
            EXPECT_EQ(message->payload, payload);
            EXPECT_GE(message->padding.size(), 1u);
            EXPECT_LE(message->padding.size(), 256u);
            EXPECT_EQ(message->source.has_value(), signer != nullptr);
        }
    }
}

TEST(Message, AnExactMultipleGets256More) {
    TestRandom random(3);
    const auto plain = encode_plaintext(random.bytes(254), {}, nullptr, random);
    EXPECT_EQ(plain->size(), 512u);
}

TEST(Message, APayloadOf16MiBIsTooLarge) {
    TestRandom random(4);
    const Bytes payload(std::size_t{1} << 24);
    EXPECT_EQ(encode_plaintext(payload, {}, nullptr, random).error(), Errc::too_large);
}

TEST(Message, HostilePlaintextsAreRefusedNotRead) {
    EXPECT_FALSE(decode_plaintext({}).has_value());
    EXPECT_FALSE(decode_plaintext(hex("01")).has_value());      // no size
    EXPECT_FALSE(decode_plaintext(hex("030000")).has_value());  // size cut
    EXPECT_FALSE(decode_plaintext(hex("01020a")).has_value());  // payload longer than the message
    EXPECT_FALSE(decode_plaintext(hex("03ffffff")).has_value());
    EXPECT_FALSE(decode_plaintext(Bytes(65, 0x04)).has_value());  // shorter than its signature
    Bytes unsigned_noise(66, 0xff);
    unsigned_noise[0] = 0x04;
    EXPECT_FALSE(decode_plaintext(unsigned_noise).has_value());  // recovers no key
}

TEST(Message, ASizeFieldOfNoBytesMeansAllIsPadding) {
    const auto message = decode_plaintext(hex("00616263"));
    ASSERT_TRUE(message.has_value());
    EXPECT_TRUE(message->payload.empty());
    EXPECT_EQ(text_of(message->padding), "abc");
}

TEST(Message, TheSignerIsWhoSignedAndBothFormsOfVAreTaken) {
    TestRandom random(5);
    auto plain = *encode_plaintext(view_of("hi"), {}, &kAlice, random);
    EXPECT_EQ(decode_plaintext(plain)->source, crypto::secp256k1::public_key(kAlice));
    plain.back() = static_cast<Byte>(plain.back() + 27);
    EXPECT_EQ(decode_plaintext(plain)->source, crypto::secp256k1::public_key(kAlice));
    plain[5] ^= 1;
    const auto tampered = decode_plaintext(plain);
    EXPECT_TRUE(!tampered || tampered->source != crypto::secp256k1::public_key(kAlice));
}

TEST(Message, SymmetricAndAsymmetricOpenOnlyWithTheirKey) {
    TestRandom random(6);
    const Bytes plain = random.bytes(300);
    const auto key = random.array<32>();
    auto sealed = seal_symmetric(key, plain, random);
    EXPECT_EQ(sealed.size(), plain.size() + 28);
    EXPECT_EQ(*open_symmetric(key, sealed), plain);
    EXPECT_FALSE(open_symmetric(random.array<32>(), sealed).has_value());
    for (const std::size_t at : {std::size_t{0}, sealed.size() - 20, sealed.size() - 1}) {
        auto broken = sealed;
        broken[at] ^= 1;
        EXPECT_FALSE(open_symmetric(key, broken).has_value());
    }
    for (std::size_t size = 0; size < 28; ++size) {
        EXPECT_FALSE(open_symmetric(key, BytesView(sealed).first(size)).has_value());
    }
    const auto asymmetric = seal_asymmetric(crypto::secp256k1::public_key(kAlice), plain, random);
    ASSERT_TRUE(asymmetric.has_value());
    EXPECT_EQ(asymmetric->size(), plain.size() + 113);
    EXPECT_EQ(*open_asymmetric(kAlice, *asymmetric), plain);
    EXPECT_FALSE(open_asymmetric(random_secret(random), *asymmetric).has_value());
}

TEST(Message, AnEnvelopeOpensToAMessageWithItsFacts) {
    auto golden = testing::read_golden("golden_envelopes_pow_eip627.json")[1];
    const auto envelope = *make_envelope(hex(golden["Envelope"]));
    const FilterKey key(true, first_bytes<32>(hex(golden["SymKey"])));
    const auto message = open_envelope(key, *envelope, 0.5);
    ASSERT_TRUE(message);
    EXPECT_EQ(message->timestamp, 1'564'358'400u);
    EXPECT_EQ(message->ttl, 10u);
    EXPECT_EQ(message->pow, 0.5);
    EXPECT_EQ(to_hex(message->topic), golden["Topic"]);
    EXPECT_EQ("0x" + to_hex(message->hash), golden["Hash"]);
    EXPECT_FALSE(message->recipient.has_value());
    EXPECT_FALSE(open_envelope(FilterKey(false, kAlice), *envelope, 0));
}

}  // namespace
}  // namespace sotto::whisper
