// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "libp2p/noise_handshake.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "codec/protobuf.hpp"

namespace sotto::libp2p {
namespace {

using net::Role;

ByteArray<32> filled(Byte value) {
    ByteArray<32> bytes;
    bytes.fill(value);
    return bytes;
}
crypto::PrivateKey key_of(Byte seed, crypto::KeyType type = crypto::KeyType::secp256k1) {
    return crypto::PrivateKey::make(type, filled(seed)).value();
}
NoiseIdentity identity(Byte seed, std::vector<std::string> muxers = {"/yamux/1.0.0"}) {
    return NoiseIdentity(key_of(seed), filled(static_cast<Byte>(seed + 100)), std::move(muxers));
}

std::map<std::string, Bytes> read_vectors() {
    std::ifstream file(SOTTO_VECTORS "/libp2p/noise-xx.txt");
    std::map<std::string, Bytes> vectors;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with('#')) continue;
        const auto space = line.find(' ');
        vectors[line.substr(0, space)] = from_hex(line.substr(space + 1)).value();
    }
    return vectors;
}
NoisePayload payload_of(const std::map<std::string, Bytes>& vectors, const std::string& who) {
    return {vectors.at(who + "_identity_key"), vectors.at(who + "_identity_sig"), {"/yamux/1.0.0"}};
}

struct Pair {
    NoiseHandshake initiator;
    NoiseHandshake responder;

    Pair(const NoiseIdentity& a, const NoiseIdentity& b, std::optional<crypto::PeerId> expected = {})
        : initiator(Role::dialer, a, filled(1), std::move(expected)), responder(Role::listener, b, filled(2), {}) {}
    /// Messages pass until the end or the first error.
    Result<void> run() {
        while (!initiator.done() || !responder.done()) {
            auto& writer = initiator.wants_write() ? initiator : responder;
            auto& reader = initiator.wants_write() ? responder : initiator;
            SOTTO_TRY(const auto message, writer.write());
            SOTTO_CHECK(reader.read(message));
        }
        return {};
    }
};

Bytes sealed(crypto::NoiseCipher& cipher, std::string_view text) {
    Bytes out(text.size() + crypto::NoiseCipher::kTagSize);
    const std::array<BytesView, 1> pieces{view_of(text)};
    cipher.seal(pieces, {}, out);
    return out;
}

TEST(NoiseHandshake, MatchesATranscriptOfAnotherImplementationInBothRoles) {
    const auto vectors = read_vectors();
    const NoiseIdentity a(first_bytes<32>(vectors.at("initiator_static_secret")), payload_of(vectors, "initiator"));
    const NoiseIdentity b(first_bytes<32>(vectors.at("responder_static_secret")), payload_of(vectors, "responder"));
    NoiseHandshake initiator(Role::dialer, a, first_bytes<32>(vectors.at("initiator_ephemeral_secret")), {});
    NoiseHandshake responder(Role::listener, b, first_bytes<32>(vectors.at("responder_ephemeral_secret")), {});

    EXPECT_EQ(initiator.write().value(), vectors.at("message1"));
    ASSERT_TRUE(responder.read(vectors.at("message1")));
    EXPECT_EQ(responder.write().value(), vectors.at("message2"));
    ASSERT_TRUE(initiator.read(vectors.at("message2")));
    EXPECT_EQ(initiator.write().value(), vectors.at("message3"));
    ASSERT_TRUE(responder.read(vectors.at("message3")));

    auto at_initiator = initiator.take_outcome();
    auto at_responder = responder.take_outcome();
    EXPECT_EQ(at_responder.peer.key.type, crypto::KeyType::rsa);
    EXPECT_EQ(at_initiator.peer.key.type, crypto::KeyType::ecdsa);
    EXPECT_EQ(at_initiator.muxer, "/yamux/1.0.0");
    EXPECT_EQ(at_responder.muxer, "/yamux/1.0.0");
    EXPECT_EQ(sealed(at_initiator.send, "from the initiator"), vectors.at("initiator_frame1"));
    EXPECT_EQ(sealed(at_initiator.send, "again"), vectors.at("initiator_frame2"));
    EXPECT_EQ(sealed(at_responder.send, "from the responder"), vectors.at("responder_frame1"));
}

TEST(NoiseHandshake, AcceptsBothOfOurOwnIdentityTypes) {
    for (const auto type : {crypto::KeyType::secp256k1, crypto::KeyType::ed25519}) {
        const NoiseIdentity a(key_of(1, type), filled(101), {});
        const auto b = identity(2);
        Pair pair(a, b);
        ASSERT_TRUE(pair.run());
        EXPECT_EQ(pair.responder.take_outcome().peer.id, crypto::PeerId(key_of(1, type).public_key()));
        EXPECT_EQ(pair.initiator.take_outcome().peer.id, crypto::PeerId(key_of(2).public_key()));
    }
}

TEST(NoiseHandshake, RefusesAnotherIdentityThanTheExpectedBeforeItShowsItsOwn) {
    const auto a = identity(1);
    const auto b = identity(2);
    Pair pair(a, b, crypto::PeerId(key_of(3).public_key()));
    const auto ran = pair.run();
    ASSERT_FALSE(ran);
    EXPECT_EQ(ran.error().code(), Errc::wrong_identity);
    EXPECT_FALSE(pair.initiator.wants_write());
    EXPECT_FALSE(pair.initiator.done());
}

TEST(NoiseHandshake, RefusesASignatureOverAnotherStaticKey) {
    const auto key = key_of(2);
    const auto genuine = identity(2);
    const auto payload = NoisePayload::decode(genuine.payload()).value();
    const NoiseIdentity thief(filled(77), payload);  // replays the payload of another node with a static key of its own
    const auto victim = identity(1);
    Pair pair(victim, thief);
    const auto ran = pair.run();
    ASSERT_FALSE(ran);
    EXPECT_EQ(ran.error().code(), Errc::unauthentic);
}

TEST(NoiseHandshake, RefusesPayloadsWithoutAUsableIdentity) {
    const auto honest = identity(1);
    const auto good = NoisePayload::decode(identity(2).payload()).value();
    auto no_key = good;
    no_key.identity_key.clear();
    auto no_signature = good;
    no_signature.identity_sig.clear();
    auto huge_key = good;
    huge_key.identity_key.assign(4096, 0x08);
    for (const auto& payload : {no_key, no_signature, huge_key}) {
        const NoiseIdentity broken(filled(102), payload);
        Pair pair(honest, broken);
        const auto ran = pair.run();
        ASSERT_FALSE(ran);
        EXPECT_EQ(ran.error().blame(), Blame::peer);
    }
}

TEST(NoiseHandshake, ChoosesTheInitiatorsFirstMuxerThatBothHave) {
    using List = std::vector<std::string>;
    struct Case {
        List initiator, responder;
        std::optional<std::string> chosen;
    };
    const List too_many(kMaxNoiseMuxers + 1, "/yamux/1.0.0");
    const List allowed(kMaxNoiseMuxers, "/yamux/1.0.0");
    const std::vector<Case> cases{
        {{"/yamux/1.0.0"}, {"/yamux/1.0.0"}, "/yamux/1.0.0"},
        {{"/a", "/b"}, {"/b", "/a"}, "/a"},
        {{"/x", "/b"}, {"/b", "/a"}, "/b"},
        {{}, {"/yamux/1.0.0"}, std::nullopt},
        {{"/yamux/1.0.0"}, {}, std::nullopt},
        {{}, {}, std::nullopt},
        {{"/mplex/6.7.0"}, {"/yamux/1.0.0"}, std::nullopt},
        {allowed, {"/yamux/1.0.0"}, "/yamux/1.0.0"},
        {{"/yamux/1.0.0"}, allowed, "/yamux/1.0.0"},
    };
    for (const auto& one : cases) {
        const auto a = identity(1, one.initiator);
        const auto b = identity(2, one.responder);
        Pair pair(a, b);
        ASSERT_TRUE(pair.run());
        EXPECT_EQ(pair.initiator.take_outcome().muxer, one.chosen);
        EXPECT_EQ(pair.responder.take_outcome().muxer, one.chosen);
    }
    EXPECT_TRUE(NoisePayload::decode(identity(1, too_many).payload()).value().muxers.empty());
}

TEST(NoiseHandshake, RefusesAPayloadInTheFirstMessage) {
    const auto b = identity(2);
    NoiseHandshake responder(Role::listener, b, filled(2), {});
    Bytes message(33, 9);
    EXPECT_EQ(responder.read(message).error().code(), Errc::malformed);
}

TEST(NoiseHandshake, RefusesShortAndOversizedMessagesAtEveryStep) {
    const auto a = identity(1);
    const auto b = identity(2);
    for (const std::size_t size : {std::size_t{0},
                                   std::size_t{31},
                                   std::size_t{32},
                                   std::size_t{79},
                                   std::size_t{95},
                                   kMaxNoiseHandshakeMessage + 1}) {
        Pair pair(a, b);
        const Bytes bad(size, 9);
        auto first = pair.initiator.write().value();
        if (size != 32) {
            NoiseHandshake responder(Role::listener, b, filled(2), {});
            EXPECT_FALSE(responder.read(bad)) << size;
        }
        ASSERT_TRUE(pair.responder.read(first));
        EXPECT_FALSE(pair.initiator.read(bad)) << size;
        ASSERT_TRUE(pair.responder.write());
        EXPECT_FALSE(pair.responder.read(bad)) << size;
    }
}

TEST(NoiseHandshake, NoticesEveryFlippedByte) {
    const auto a = identity(1);
    const auto b = identity(2);
    Pair sample(a, b);
    ASSERT_TRUE(sample.responder.read(sample.initiator.write().value()));
    const auto second_size = sample.responder.write().value().size();
    for (std::size_t at = 0; at < second_size; ++at) {
        Pair pair(a, b);
        ASSERT_TRUE(pair.responder.read(pair.initiator.write().value()));
        auto second = pair.responder.write().value();
        second[at] ^= 1;
        EXPECT_FALSE(pair.initiator.read(second)) << at;
    }
}

TEST(NoiseHandshake, RefusesAnEphemeralKeyOfLowOrder) {
    const auto b = identity(2);
    NoiseHandshake responder(Role::listener, b, filled(2), {});
    ASSERT_TRUE(responder.read(Bytes(32, 0)));
    EXPECT_EQ(responder.write().error().code(), Errc::unauthentic);
}

TEST(NoisePayload, IgnoresFieldsItDoesNotKnow) {
    auto bytes = NoisePayload{{1, 2}, {3}, {"/a"}}.encode();
    protobuf::Writer(bytes).bytes(3, view_of("the old data field")).uint(9, 7);
    const auto payload = NoisePayload::decode(bytes).value();
    EXPECT_EQ(payload.identity_key, (Bytes{1, 2}));
    EXPECT_EQ(payload.identity_sig, (Bytes{3}));
    EXPECT_EQ(payload.muxers, (std::vector<std::string>{"/a"}));
}

}  // namespace
}  // namespace sotto::libp2p
