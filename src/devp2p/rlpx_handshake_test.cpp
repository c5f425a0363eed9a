// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "devp2p/rlpx_handshake.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>
#include <sstream>

#include "sim/world.hpp"

namespace sotto::devp2p {
namespace {

/// Gives what it was told first, then seeded bytes.
class ScriptedRandom final : public RandomSource {
  public:
    explicit ScriptedRandom(Bytes script) : script_(std::move(script)) {}
    void fill(BytesSpan out) noexcept override {
        const auto count = std::min(out.size(), script_.size());
        std::ranges::copy(BytesView(script_).first(count), out.begin());
        script_.erase(script_.begin(), script_.begin() + static_cast<std::ptrdiff_t>(count));
        world_.random().fill(out.subspan(count));
    }

  private:
    Bytes script_;
    sim::World world_{1};
};

/// The packets and keys of EIP-8.
class Eip8 : public testing::Test {
  protected:
    Eip8() {
        std::ifstream file(SOTTO_VECTORS "/eth/eip8.json");
        std::ostringstream text;
        text << file.rdbuf();
        all_ = boost::json::parse(text.str()).as_array();
    }
    Bytes field(const char* name) const {
        return *from_hex(std::string_view(all_.at(7).at("fields").at(name).as_string()));
    }
    Bytes packet(std::size_t index) const { return *from_hex(std::string_view(all_.at(index).at("hex").as_string())); }
    ScriptedRandom random_of(char side) const {
        auto script = field(side == 'A' ? "Ephemeral Key A" : "Ephemeral Key B");
        append(script, field(side == 'A' ? "Nonce A" : "Nonce B"));
        return ScriptedRandom(script);
    }
    Secret secret_of(char side) const { return first_bytes<32>(field(side == 'A' ? "Static Key A" : "Static Key B")); }
    Point point_of(char side) const { return crypto::secp256k1::public_key(secret_of(side)); }

    boost::json::array all_;
};

constexpr std::string_view kAes = "80e8632c05fed6fc2a13b0f8d31a3cf645366239170ea067065aba8e28bac487";
constexpr std::string_view kMac = "2ea74ec5dae199227dff1af715362700e989d889d7a493cb0639691efb8e5f98";
constexpr std::size_t kAuth2 = 9, kAuth3 = 10, kAck2 = 12, kAck3 = 13;

TEST_F(Eip8, ARecipientDerivesThePublishedSecrets) {
    auto random = random_of('B');
    RlpxHandshake handshake(secret_of('B'), nullptr, random);
    const auto auth = packet(kAuth2);
    BytesView in(auth);
    const auto ack = handshake.feed(in);
    ASSERT_TRUE(ack);
    ASSERT_TRUE(handshake.done());
    EXPECT_EQ(handshake.remote(), point_of('A'));
    EXPECT_EQ(to_hex(handshake.secrets().aes), kAes);
    EXPECT_EQ(to_hex(handshake.secrets().mac), kMac);
    auto ingress = handshake.secrets().ingress;
    EXPECT_EQ(to_hex(ingress.update(view_of("foo")).digest()),
              "0c7ec6340062cc46f5e9f1e3cf86f8c8c403c5a0964f5df0ebd34a75ddc86db5");
}

TEST_F(Eip8, ARecipientTakesLaterVersionsWithMoreElements) {
    auto random = random_of('B');
    RlpxHandshake handshake(secret_of('B'), nullptr, random);
    const auto auth = packet(kAuth3);
    BytesView in(auth);
    ASSERT_TRUE(handshake.feed(in));
    EXPECT_EQ(to_hex(handshake.secrets().aes), kAes);
}

TEST_F(Eip8, AnInitiatorTakesBothAcks) {
    for (const auto index : {kAck2, kAck3}) {
        auto random = random_of('A');
        const auto remote = point_of('B');
        RlpxHandshake handshake(secret_of('A'), &remote, random);
        ASSERT_TRUE(handshake.start());
        const auto ack = packet(index);
        BytesView in(ack);
        ASSERT_TRUE(handshake.feed(in));
        ASSERT_TRUE(handshake.done());
        EXPECT_EQ(to_hex(handshake.secrets().aes), kAes);
        EXPECT_EQ(to_hex(handshake.secrets().mac), kMac);
    }
}

TEST_F(Eip8, EveryChangedByteOfAnAuthFailsInTheSameWay) {
    const auto auth = packet(kAuth2);
    std::string first;
    for (std::size_t i = 2; i < auth.size(); i += 7) {
        auto random = random_of('B');
        RlpxHandshake handshake(secret_of('B'), nullptr, random);
        auto changed = auth;
        changed[i] ^= 1;
        BytesView in(changed);
        const auto answer = handshake.feed(in);
        ASSERT_FALSE(answer) << i;
        EXPECT_EQ(answer.error().code(), Errc::unauthentic);
        if (first.empty()) first = answer.error().message();
        EXPECT_EQ(answer.error().message(), first);
    }
}

TEST_F(Eip8, ASizeAboveTheCapIsRefusedBeforeTheBodyComes) {
    auto random = random_of('B');
    RlpxHandshake handshake(secret_of('B'), nullptr, random);
    const Byte prefix[] = {0x08, 0x01};
    BytesView in(prefix);
    EXPECT_FALSE(handshake.feed(in));
}

TEST_F(Eip8, BytesMayComeOneByOneAndWhatIsBehindIsLeft) {
    sim::World world;
    const auto remote = point_of('B');
    RlpxHandshake dialer(secret_of('A'), &remote, world.random());
    RlpxHandshake listener(secret_of('B'), nullptr, world.random());
    Bytes ack;
    for (const Byte byte : *dialer.start()) {
        BytesView one(&byte, 1);
        append(ack, *listener.feed(one));
    }
    ASSERT_TRUE(listener.done());
    append(ack, view_of("more"));
    BytesView in(ack);
    ASSERT_TRUE(dialer.feed(in));
    EXPECT_EQ(text_of(in), "more");
    EXPECT_EQ(dialer.secrets().aes, listener.secrets().aes);
    EXPECT_EQ(dialer.secrets().egress.digest(), listener.secrets().ingress.digest());
    EXPECT_EQ(dialer.secrets().ingress.digest(), listener.secrets().egress.digest());
}

}  // namespace
}  // namespace sotto::devp2p
