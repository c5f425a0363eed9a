// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "libp2p/identify.hpp"

#include <gtest/gtest.h>

#include "codec/protobuf.hpp"

namespace sotto::libp2p {
namespace {

crypto::PublicKey key_of(Byte seed) {
    ByteArray<32> secret;
    secret.fill(seed);
    return crypto::PrivateKey::make(crypto::KeyType::ed25519, secret)->public_key();
}
Multiaddr address(std::string_view text) {
    return Multiaddr::parse(text).value();
}

TEST(Identify, ReadsBackWhatIsWritten) {
    IdentifyInfo info;
    info.key = key_of(1);
    info.listen_addresses = {address("/ip4/1.2.3.4/tcp/60000"), address("/ip6/::1/tcp/1")};
    info.protocols = {"/shh/6.0", "/ipfs/ping/1.0.0"};
    info.observed = address("/ip4/5.6.7.8/tcp/9");
    info.protocol_version = "ipfs/0.1.0";
    info.agent = "Sotto/v0.1.0";
    IdentifyInfo read;
    ASSERT_TRUE(read.merge(info.encode()));
    EXPECT_EQ(read.key, info.key);
    EXPECT_EQ(read.listen_addresses, info.listen_addresses);
    EXPECT_EQ(read.protocols, info.protocols);
    EXPECT_EQ(read.observed, info.observed);
    EXPECT_EQ(read.protocol_version, info.protocol_version);
    EXPECT_EQ(read.agent, info.agent);
}

TEST(Identify, TellsLibp2pAddressesOnlyAndWithoutThePeer) {
    IdentifyInfo info;
    const auto id = crypto::PeerId(key_of(1)).bytes();
    info.listen_addresses = {address("/ip4/1.2.3.4/tcp/30303").with(AddrCode::rlpx).with(AddrCode::p2p, id),
                             address("/ip4/1.2.3.4/tcp/60000").with(AddrCode::p2p, id)};
    IdentifyInfo read;
    ASSERT_TRUE(read.merge(info.encode()));
    EXPECT_EQ(read.listen_addresses, std::vector<Multiaddr>{address("/ip4/1.2.3.4/tcp/60000")});
}

TEST(Identify, LeavesAddressesOutRatherThanGrowAboveWhatPeersTake) {
    IdentifyInfo info;
    info.agent = "Sotto";
    info.listen_addresses.assign(2000, address("/ip4/1.2.3.4/tcp/60000"));
    const auto bytes = info.encode();
    EXPECT_LE(bytes.size(), kMaxIdentifySent);
    EXPECT_GT(bytes.size(), kMaxIdentifySent - 32);
    IdentifyInfo read;
    ASSERT_TRUE(read.merge(bytes));
    EXPECT_EQ(read.agent, "Sotto");
}

TEST(Identify, DropsAddressesItDoesNotUnderstandAndCutsTexts) {
    Bytes bytes;
    const auto good = address("/ip4/1.2.3.4/tcp/1").encode();
    protobuf::Writer(bytes)
        .bytes(2, Bytes{0xff, 0xff, 0x7f, 1})
        .bytes(2, good)
        .text(6, std::string(5000, 'a'))
        .text(3, std::string(5000, 'p'))
        .uint(6, 12)
        .bytes(8, Bytes(100, 1));
    IdentifyInfo read;
    ASSERT_TRUE(read.merge(bytes));
    EXPECT_EQ(read.listen_addresses.size(), 1u);
    EXPECT_EQ(read.agent.size(), kMaxIdentifyText);
    EXPECT_EQ(read.protocols.at(0).size(), kMaxIdentifyText);
}

TEST(Identify, ExtendsListsAndReplacesValuesOverSeveralMessages) {
    IdentifyInfo first;
    first.protocols = {"/a"};
    first.agent = "old";
    IdentifyInfo second;
    second.protocols = {"/b"};
    second.agent = "new";
    IdentifyInfo read;
    ASSERT_TRUE(read.merge(first.encode()));
    ASSERT_TRUE(read.merge(second.encode()));
    EXPECT_EQ(read.protocols, (std::vector<std::string>{"/a", "/b"}));
    EXPECT_EQ(read.agent, "new");
}

TEST(Identify, BoundsTheNumberOfEntries) {
    Bytes bytes;
    for (std::size_t i = 0; i < kMaxIdentifyEntries / 2; ++i) protobuf::Writer(bytes).text(3, "");
    IdentifyInfo read;
    ASSERT_TRUE(read.merge(bytes));
    ASSERT_TRUE(read.merge(bytes));
    EXPECT_EQ(read.merge(bytes).error().code(), Errc::misbehaved);
    EXPECT_EQ(read.protocols.size(), kMaxIdentifyEntries);
}

TEST(Identify, RefusesABrokenKey) {
    Bytes bytes;
    protobuf::Writer(bytes).bytes(1, Bytes{8, 1, 0x12, 2, 1, 2});
    IdentifyInfo read;
    EXPECT_EQ(read.merge(bytes).error().blame(), Blame::peer);
}

}  // namespace
}  // namespace sotto::libp2p
