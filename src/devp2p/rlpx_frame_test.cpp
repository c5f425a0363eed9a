// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "devp2p/rlpx_frame.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "devp2p/raw_peer_testing.hpp"
#include "sim/world.hpp"

namespace sotto::devp2p {
namespace {

using testing::known_secrets;

Bytes frame_of(FrameEncoder& encoder, BytesView content) {
    Bytes out;
    const BytesView pieces[] = {content.first(content.size() / 2), content.subspan(content.size() / 2)};
    encoder.append_frame(out, pieces);
    return out;
}

/// The MACs as rlpx.md words them, every digest computed anew.
struct PlainMac {
    explicit PlainMac(const RlpxSecrets& secrets) : block(secrets.mac), state(secrets.egress) {}
    Bytes mix(BytesView with) {
        auto seed = block.encrypt(BytesView(state.digest()).first(16));
        for (std::size_t i = 0; i < 16; ++i) seed[i] ^= with[i];
        return to_bytes(BytesView(state.update(seed).digest()).first(16));
    }
    crypto::Aes256Block block;
    crypto::Keccak256 state;
};

TEST(RlpxFrame, HasTheLayoutAndTheMacsOfTheSpecification) {
    const auto secrets = known_secrets().first;
    FrameEncoder encoder(secrets);
    PlainMac mac(secrets);
    crypto::AesCtr cipher(secrets.aes, ByteArray<16>{});
    for (const std::size_t size : {1u, 16u, 17u, 256u, 70'000u}) {
        const Bytes content(size, 0xab);
        auto frame = frame_of(encoder, content);
        const auto padded = (size + 15) / 16 * 16;
        ASSERT_EQ(frame.size(), 32 + padded + 16);
        const auto header = BytesSpan(frame).first(16);
        EXPECT_EQ(mac.mix(header), to_bytes(BytesView(frame).subspan(16, 16)));
        const auto body = BytesSpan(frame).subspan(32, padded);
        mac.state.update(body);
        EXPECT_EQ(mac.mix(BytesView(mac.state.digest()).first(16)), to_bytes(BytesView(frame).last(16)));
        cipher.apply(header);
        EXPECT_EQ(to_hex(header.subspan(3)), "c2808000000000000000000000");
        EXPECT_EQ(std::size_t{load_be<std::uint32_t>(header)} >> 8, size);
        cipher.apply(body);
        EXPECT_TRUE(equal(body.first(size), content));
        EXPECT_TRUE(std::ranges::all_of(body.subspan(size), [](Byte byte) { return byte == 0; }));
    }
}

TEST(RlpxFrame, ComesOutAsItWentIn) {
    sim::World world;
    const auto [left, right] = known_secrets();
    FrameEncoder encoder(left);
    FrameDecoder decoder(right, 100'000);
    for (int i = 0; i < 200; ++i) {
        const auto content = world.random().bytes(1 + world.random().below(i % 20 == 0 ? 100'000 : 600));
        auto wire = frame_of(encoder, content);
        ASSERT_EQ(decoder.needed(), kFrameHeader);
        const auto nothing = decoder.take(BytesSpan(wire).first(kFrameHeader));
        ASSERT_TRUE(nothing);
        EXPECT_FALSE(*nothing);
        ASSERT_EQ(decoder.needed(), wire.size() - kFrameHeader);
        const auto back = decoder.take(BytesSpan(wire).subspan(kFrameHeader));
        ASSERT_TRUE(back);
        EXPECT_TRUE(equal(**back, content));
    }
}

TEST(RlpxFrame, IsRefusedByItsHeaderAloneWhenItIsTooLargeEmptyOrForged) {
    const std::vector<std::pair<std::size_t, Errc>> kCases{{1001, Errc::too_large}, {0, Errc::malformed}};
    for (const auto& [size, why] : kCases) {
        const auto [left, right] = known_secrets();
        FrameEncoder encoder(left);
        FrameDecoder decoder(right, 1000);
        auto wire = frame_of(encoder, Bytes(size));
        EXPECT_EQ(decoder.take(BytesSpan(wire).first(kFrameHeader)).error().code(), why);
    }
    for (std::size_t at = 0; at < kFrameHeader; ++at) {
        const auto [left, right] = known_secrets();
        FrameEncoder encoder(left);
        FrameDecoder decoder(right, 1000);
        auto wire = frame_of(encoder, Bytes(5));
        wire[at] ^= 1;
        EXPECT_EQ(decoder.take(BytesSpan(wire).first(kFrameHeader)).error().code(), Errc::unauthentic) << at;
    }
}

TEST(RlpxFrame, IsRefusedWhenAByteOfItsBodyChangesOrAnOldOneComesAgain) {
    for (std::size_t at = kFrameHeader; at < kFrameHeader + 32; ++at) {
        const auto [left, right] = known_secrets();
        FrameEncoder encoder(left);
        FrameDecoder decoder(right, 1000);
        auto wire = frame_of(encoder, Bytes(5));
        wire[at] ^= 0x80;
        ASSERT_TRUE(decoder.take(BytesSpan(wire).first(kFrameHeader)));
        EXPECT_EQ(decoder.take(BytesSpan(wire).subspan(kFrameHeader)).error().code(), Errc::unauthentic) << at;
    }
    const auto [left, right] = known_secrets();
    FrameEncoder encoder(left);
    FrameDecoder decoder(right, 1000);
    const auto wire = frame_of(encoder, Bytes(5));
    auto first = wire;
    auto again = wire;
    ASSERT_TRUE(decoder.take(BytesSpan(first).first(kFrameHeader)));
    ASSERT_TRUE(decoder.take(BytesSpan(first).subspan(kFrameHeader)));
    EXPECT_EQ(decoder.take(BytesSpan(again).first(kFrameHeader)).error().code(), Errc::unauthentic);
}

}  // namespace
}  // namespace sotto::devp2p
