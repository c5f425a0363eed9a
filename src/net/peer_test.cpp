// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "net/peer.hpp"

#include <gtest/gtest.h>

namespace sotto::net {
namespace {

// Node ids of go-ethereum's own tests (p2p/enode/urlv4_test.go).
const std::string kId =
    "1dd9d65c4552b5eb43d5ad55a2ee3f56c6cbc1c64a5c8d659f51fcd51bace243"
    "51232b8d7821617d2b29b54b81cdefb9b3e9c37d7fd5f63270bcc9e1a6f6a439";

std::string enode(std::string_view where) {
    return "enode://" + kId + "@" + std::string(where);
}

TEST(Enode, IsAMultiaddrOfItsAddressRlpxAndThePeer) {
    const auto address = parse_enode(enode("127.0.0.1:52150")).value();
    ASSERT_EQ(address.parts().size(), 4u);
    EXPECT_TRUE(address.to_string().starts_with("/ip4/127.0.0.1/tcp/52150/rlpx/p2p/16Uiu2HAm")) << address.to_string();
    EXPECT_EQ(network_of(address), Network::devp2p);
    const auto peer = crypto::PeerId::decode(address.peer_id()).value();
    EXPECT_EQ(to_hex(peer.public_key().value().node_id().value()), kId);
}

TEST(Enode, RoundTrips) {
    for (const auto* where :
         {"127.0.0.1:52150", "[::]:52150", "[2001:db8:3c4d:15::abcd:ef12]:1", "255.255.255.255:65535"}) {
        EXPECT_EQ(to_enode(parse_enode(enode(where)).value()).value(), enode(where));
    }
    EXPECT_EQ(to_enode(parse_enode(enode("127.0.0.1:52150?discport=22334")).value()).value(), enode("127.0.0.1:52150"));
    EXPECT_TRUE(parse_enode(enode("127.0.0.1:52150?discport=0")));
    std::string upper = kId;
    for (auto& c : upper) c = static_cast<char>(std::toupper(c));
    EXPECT_EQ(to_enode(parse_enode("enode://" + upper + "@[0:0::1]:1").value()).value(), enode("[::1]:1"));
}

TEST(Enode, RefusesWhatIsNotOne) {
    const std::string refused[] = {
        "",
        "enode://",
        "enode:" + kId + "@127.0.0.1:1",
        "ENODE://" + kId + "@127.0.0.1:1",
        "enode://" + kId,
        "enode://" + kId.substr(2) + "@127.0.0.1:1",
        "enode://" + kId + "00@127.0.0.1:1",
        "enode://0x" + kId + "@127.0.0.1:1",
        "enode://0x" + kId.substr(2) + "@127.0.0.1:1",
        "enode://g" + kId.substr(1) + "@127.0.0.1:1",
        "enode://" + std::string(128, '0') + "@127.0.0.1:1",
        "enode://" + std::string(128, 'f') + "@127.0.0.1:1",
        enode(""),
        enode(":1"),
        enode("127.0.0.1"),
        enode("127.0.0.1:"),
        enode("127.0.0.1:x"),
        enode("127.0.0.1:+1"),
        enode("127.0.0.1:-1"),
        enode("127.0.0.1: 1"),
        enode("127.0.0.1:1 "),
        enode("127.0.0.1:1/"),
        enode("127.0.0.1:65536"),
        enode("127.0.0.1:1?"),
        enode("127.0.0.1:1?discport"),
        enode("127.0.0.1:1?discport="),
        enode("127.0.0.1:1?discport=x"),
        enode("127.0.0.1:1?discport=65536"),
        enode("127.0.0.1:1?discport=1&x=2"),
        enode("127.0.0.1:1?x=2"),
        enode("127.0.0.1:1?discport=1?discport=1"),
        enode("example.org:1"),
        enode("127.0.0:1"),
        enode("127.0.0.256:1"),
        enode("[127.0.0.1]:1"),
        enode("::1:1"),
        enode("[::1:1"),
        enode("::1]:1"),
        enode("[fe80::1%eth0]:1"),
        enode("[]:1"),
        enode("[[::1]]:1"),
        enode("user@127.0.0.1:1"),
        enode(std::string_view("127.0.0.1\0:1", 12)),
    };
    for (const auto& text : refused) {
        const auto parsed = parse_enode(text);
        EXPECT_FALSE(parsed) << text;
        if (!parsed) EXPECT_EQ(parsed.error().code(), Errc::invalid_argument) << text;
    }
}

TEST(Enode, CannotNameWhatHasNoIpPortOrSecp256k1Key) {
    const auto good = parse_enode(enode("127.0.0.1:1")).value();
    EXPECT_FALSE(to_enode(good.without_peer()));
    const auto peer = "/p2p/" + crypto::PeerId::decode(good.peer_id()).value().to_string();
    EXPECT_FALSE(to_enode(Multiaddr::parse("/dns4/example.org/tcp/1/rlpx" + peer).value()));
    EXPECT_FALSE(to_enode(Multiaddr::parse("/ip4/127.0.0.1/udp/1" + peer).value()));
    // An Ed25519 peer (libp2p peer-ids spec) has no node id.
    const auto ed25519 = "/ip4/127.0.0.1/tcp/1/p2p/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA";
    EXPECT_FALSE(to_enode(Multiaddr::parse(ed25519).value()));
}

TEST(Address, IsAnEnodeOrAMultiaddr) {
    EXPECT_EQ(parse_address(enode("127.0.0.1:1")).value(), parse_enode(enode("127.0.0.1:1")).value());
    const auto libp2p = parse_address("/ip4/127.0.0.1/tcp/1").value();
    EXPECT_EQ(network_of(libp2p), Network::libp2p);
    EXPECT_EQ(to_string(network_of(libp2p)), "libp2p");
    EXPECT_EQ(to_string(Network::devp2p), "rlpx");
    for (const auto* text : {"", "127.0.0.1:1", "enr:-IS4Q", "/ip4/1.2.3", "http://x"}) {
        EXPECT_FALSE(parse_address(text)) << text;
    }
    EXPECT_LT(parse_address(std::string(100'000, 'x')).error().message().size(), 400u);
}

}  // namespace
}  // namespace sotto::net
