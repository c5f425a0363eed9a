// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <gtest/gtest.h>

#include "codec/rlp.hpp"
#include "codec/snappy.hpp"
#include "devp2p/capabilities.hpp"
#include "devp2p/disconnect.hpp"

namespace sotto::devp2p {
namespace {

TEST(Disconnect, ReadsEveryEncodingSeenInTheWild) {
    const std::vector<std::pair<const char*, Reason>> kSeen{{"00", Reason::requested},
                                                            {"80", Reason::requested},
                                                            {"", Reason::requested},
                                                            {"c0", Reason::requested},
                                                            {"01", Reason::tcp_error},
                                                            {"04", Reason::too_many_peers},
                                                            {"10", Reason::subprotocol},
                                                            {"c100", Reason::requested},
                                                            {"c180", Reason::requested},
                                                            {"c101", Reason::tcp_error},
                                                            {"c104", Reason::too_many_peers},
                                                            {"c10b", Reason::read_timeout},
                                                            {"c110", Reason::subprotocol}};
    for (const auto& [hex, reason] : kSeen) {
        const auto bytes = *from_hex(hex);
        EXPECT_EQ(decode_disconnect(bytes), reason) << hex;
        if (!bytes.empty()) EXPECT_EQ(decode_disconnect(snappy::compress(bytes)), reason) << hex << " compressed";
    }
}

TEST(Disconnect, TakesGarbageForAGoodbye) {
    for (const auto* hex : {"ff", "c1ff", "c2", "820400", "c411223344", "20", "c120"}) {
        EXPECT_EQ(decode_disconnect(*from_hex(hex)), Reason::requested) << hex;
    }
}

TEST(Disconnect, GivesAReasonThatFitsTheError) {
    EXPECT_EQ(to_hex(encode_disconnect(Reason::too_many_peers)), "c104");
    EXPECT_EQ(reason_for(Error(Errc::busy)), Reason::too_many_peers);
    EXPECT_EQ(reason_for(Error(Errc::shutdown)), Reason::quitting);
    EXPECT_EQ(reason_for(Error(Errc::malformed)), Reason::subprotocol);
    EXPECT_EQ(reason_for(Error(Errc::closed)), Reason::requested);
    for (Byte reason = 0; reason <= 0x10; ++reason) {
        EXPECT_EQ(error_of(static_cast<Reason>(reason)).blame(), Blame::transient);
    }
}

TEST(Hello, ReadsTheForwardCompatiblePacketOfEip8) {
    const auto hello =
        decode_hello(*from_hex("f87137916b6e6574682f76302e39312f706c616e39cdc5836574683dc6846d6f726b1682270fb840fda1cff"
                               "674c90c9a197539fe3dfb53086ace64f8"
                               "3ed7c6eabec741f7f381cc803e52ab2cd55d5569bce4347107a310dfd5f88a010cd2ffd1005ca406f184287"
                               "7c883666f6f836261720304"));
    ASSERT_TRUE(hello);
    EXPECT_EQ(hello->version, 55u);
    EXPECT_EQ(hello->client, "kneth/v0.91/plan9");
    EXPECT_EQ(hello->capabilities, (std::vector<Capability>{{"eth", 61}, {"mork", 22}}));
    EXPECT_EQ(hello->listen_port, 9999u);
}

TEST(Hello, RoundTripsAndRefusesWhatIsTooLarge) {
    Hello hello{.client = "x", .capabilities = {{"shh", 6}}, .listen_port = 30303};
    hello.id[5] = 7;
    const auto again = decode_hello(encode_hello(hello));
    ASSERT_TRUE(again);
    EXPECT_EQ(again->client, "x");
    EXPECT_EQ(again->id, hello.id);
    EXPECT_EQ(again->capabilities, hello.capabilities);
    hello.client = std::string(3000, 'a');
    EXPECT_EQ(decode_hello(encode_hello(hello)).error().code(), Errc::too_large);
    hello = {.client = "x", .capabilities = std::vector<Capability>(101, Capability{"a", 1})};
    EXPECT_FALSE(decode_hello(encode_hello(hello)));
    EXPECT_FALSE(decode_hello(*from_hex("c0")));
}

TEST(Capabilities, SharesTheHighestVersionOrderedByNameFromSixteenOn) {
    constexpr net::ProtocolSpec kShh{.name = "shh", .version = 6, .message_count = 128};
    constexpr net::ProtocolSpec kEth68{.name = "eth", .version = 68, .message_count = 17};
    constexpr net::ProtocolSpec kEth69{.name = "eth", .version = 69, .message_count = 18};
    const net::ProtocolSpec* ours[] = {&kShh, &kEth68, &kEth69};
    const std::vector<Capability> theirs{{"snap", 1}, {"shh", 6}, {"eth", 69}, {"eth", 68}};
    const auto shared = share_capabilities(ours, theirs);
    ASSERT_EQ(shared.size(), 2u);
    EXPECT_EQ(shared[0].spec, &kEth69);
    EXPECT_EQ(shared[0].offset, 16u);
    EXPECT_EQ(shared[1].spec, &kShh);
    EXPECT_EQ(shared[1].offset, 34u);
    EXPECT_TRUE(shared[1].contains(34 + 127));
    EXPECT_FALSE(shared[1].contains(34 + 128));
    EXPECT_EQ(to_hex(rlp::encode_uint(shared[1].offset + 127)), "81a1");
    EXPECT_TRUE(share_capabilities(ours, std::vector<Capability>{{"shh", 5}, {"SHH", 6}}).empty());
}

}  // namespace
}  // namespace sotto::devp2p
