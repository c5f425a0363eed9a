// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "codec/multiaddr.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "codec/testing.hpp"

namespace sotto {
namespace {

using sotto::testing::code_of;
using sotto::testing::hex;

constexpr std::string_view kPeer = "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N";

Multiaddr parsed(std::string_view text) {
    auto address = Multiaddr::parse(text);
    EXPECT_TRUE(address.has_value()) << text << ": " << address.error().message();
    return std::move(address).value_or(Multiaddr());
}

TEST(Multiaddr, HasTheBinaryFormOfGoMultiaddr) {
    const std::pair<const char*, const char*> cases[] = {
        {"/ip4/127.0.0.1/udp/1234", "047f000001910204d2"},
        {"/ip4/127.0.0.1/tcp/4321", "047f0000010610e1"},
        {"/ip4/127.0.0.1/udp/1234/ip4/127.0.0.1/tcp/4321", "047f000001910204d2047f0000010610e1"},
        {"/ip6/2001:8a0:7ac5:4201:3ac9:86ff:fe31:7095/tcp/8000", "29200108a07ac542013ac986fffe317095061f40"},
        {"/onion/aaimaq4ygg2iegci:80", "bc030010c0439831b48218480050"},
        {"/onion3/vww6ybal4bd7szmgncyruucpgfkqahzddi37ktceo3ah7ngmcopnpyyd:1234",
         "bd03adadec040be047f9658668b11a504f3155001f231a37f54c4476c07fb4cc139ed7e30304d2"},
        {"/p2p/QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC",
         "a503221220d52ebb89d85b02a284948203a62ff28389c57c9f42beec4ec20db76a68911c0b"},
        {"/unix/a/b/c/d/e", "90030a2f612f622f632f642f65"},
        {"/dns4/example.com/tcp/443/tls/ws", "360b6578616d706c652e636f6d0601bbc003dd03"},
        {"/ip4/1.2.3.4/tcp/80/http/http-path/tmp%2Fbar", "0401020304060050e003e10307746d702f626172"},
        {"/ip4/127.0.0.1/tcp/30303/rlpx", "047f00000106765f8180c001"},
    };
    for (const auto& [text, binary] : cases) {
        EXPECT_EQ(to_hex(parsed(text).encode()), binary) << text;
        EXPECT_EQ(Multiaddr::decode(hex(binary)).value().to_string(), text);
    }
}

TEST(Multiaddr, ReadsEveryTextOfAPeerId) {
    // The forms of libp2p/specs peer-ids/peer-ids.md for one key, and the same bytes in other bases.
    const auto cid = parsed("/p2p/bafzbeie5745rpv2m6tjyuugywy4d5ewrqgqqhfnf445he3omzpjbx5xqxe");
    EXPECT_EQ(cid.to_string(), "/p2p/" + std::string(kPeer));
    EXPECT_EQ(parsed("/ipfs/" + std::string(kPeer)), cid);
    const auto ed25519 = parsed("/p2p/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA");
    EXPECT_EQ(ed25519.peer_id().size(), 38u);
    EXPECT_EQ(parsed("/p2p/k51qzi5uqu5dh71qgwangrt6r0nd4094i88nsady6qgd1dhjcyfsaymuh6cq8x").peer_id().size(), 38u);
}

TEST(Multiaddr, RefusesPeersThatAreNone) {
    for (const std::string_view bad : {
             "/p2p/",
             "/p2p/Qm",
             "/p2p/QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5",
             "/p2p/QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx50",
             "/p2p/11",
             // A CID of dag-pb, and one of version 0 in disguise.
             "/p2p/bafybeie5745rpv2m6tjyuugywy4d5ewrqgqqhfnf445he3omzpjbx5xqxe",
             "/p2p/bahzbeie5745rpv2m6tjyuugywy4d5ewrqgqqhfnf445he3omzpjbx5xqxe",
             "/p2p/bafzb",
             "/p2p/b",
             "/p2p/x",
         }) {
        EXPECT_FALSE(Multiaddr::parse(bad).has_value()) << bad;
    }
    // sha2-512, an empty identity, and an identity longer than any inlined key.
    for (const auto& bad :
         {"a503421340" + std::string(128, 'a'), std::string("a503020000"), "a5032d002b" + std::string(86, 'a')}) {
        EXPECT_FALSE(Multiaddr::decode(hex(bad)).has_value()) << bad;
    }
    EXPECT_TRUE(Multiaddr::decode(hex("a5032c002a" + std::string(84, 'a'))).has_value());
}

TEST(Multiaddr, RefusesTextsThatAreNoAddress) {
    for (const std::string_view bad : {"",
                                       "/",
                                       "//",
                                       "ip4/127.0.0.1",
                                       "/ip4",
                                       "/ip4/",
                                       "/ip4/256.0.0.1",
                                       "/ip4/1.2.3",
                                       "/ip4/01.2.3.4",
                                       "/ip4/::1",
                                       "/ip6/127.0.0.1",
                                       "/ip6/::1::",
                                       "/ip6/fe80::1%eth0",
                                       "/tcp/65536",
                                       "/tcp/-1",
                                       "/tcp/+1",
                                       "/tcp/1x",
                                       "/tcp",
                                       "/tcp/ 1",
                                       "/nothing/1",
                                       "/IP4/1.2.3.4",
                                       "/ipcidr/256",
                                       "/dns4/",
                                       "/dns4/a b",
                                       "/dns4/a\nb",
                                       "/onion/aaimaq4ygg2iegci",
                                       "/onion/aaimaq4ygg2iegci:0",
                                       "/onion/aaimaq4ygg2iegci:65536",
                                       "/onion/aaimaq4ygg2ieg:80",
                                       "/onion3/aaimaq4ygg2iegci:80",
                                       "/garlic32/aa",
                                       "/garlic64/aaaa",
                                       "/garlic64/a*",
                                       "/certhash/EiDDq4",
                                       "/certhash/uAAE",
                                       "/certhash/u",
                                       "/http-path/a%2",
                                       "/http-path/a%zz",
                                       "/http-path/a%0x41",
                                       "/http-path/a%+1",
                                       "/http-path/%",
                                       "/http-path/",
                                       "/unix/",
                                       "/unix/a//",
                                       "/tls/1",
                                       "/ip4/127.0.0.1/tcp/1/x"}) {
        EXPECT_EQ(code_of(Multiaddr::parse(bad)), Errc::malformed) << bad;
    }
    EXPECT_FALSE(Multiaddr::parse(std::string_view("/dns4/a\0b", 9)).has_value());
    EXPECT_FALSE(Multiaddr::parse(std::string_view("/unix/a\0b", 9)).has_value());
    EXPECT_FALSE(Multiaddr::parse(std::string_view("/ip4/127.0.0.1\0", 15)).has_value());
}

TEST(Multiaddr, RefusesBinariesThatAreNoAddress) {
    const std::pair<const char*, const char*> cases[] = {
        {"", "empty"},
        {"00", "code 0"},
        {"05", "an unknown code"},
        {"8180808080808001", "a code above 32 bits"},
        {"8480808010ffff", "ip4 plus 2^32"},
        {"84007f000001", "a padded code"},
        {"047f0000", "a cut value"},
        {"3500", "an empty name"},
        {"350161ff", "rubbish behind"},
        {"3501 2f", "a slash in a name"},
        {"3501 0a", "a line break in a name"},
        {"35ffffffffffffffffff01", "a huge length"},
        {"35ff7f", "a length above the cap"},
        {"358100 61", "a padded length"},
        {"bc03 00000000000000000000 0000", "onion port 0"},
        {"90030161", "a relative path"},
        {"9003022f00", "a path with a zero"},
        {"9003012f", "the root"},
        {"9003022f6106", "a part behind a path, which the text could not tell"},
        {"e10300", "an empty http-path"},
        {"d2030101", "a broken certhash"},
        {"be030101", "a short garlic64"},
        {"bf030101", "a short garlic32"},
    };
    for (const auto& [text, what] : cases) {
        std::string compact(text);
        std::erase(compact, ' ');
        EXPECT_FALSE(Multiaddr::decode(hex(compact)).has_value()) << what;
    }
}

TEST(Multiaddr, IsCappedInBytesAndParts) {
    std::string parts;
    for (int i = 0; i < 32; ++i) parts += "/tls";
    EXPECT_EQ(Multiaddr::decode(parsed(parts).encode()).value().parts().size(), 32u);
    EXPECT_EQ(code_of(Multiaddr::parse(parts + "/tls")), Errc::malformed);
    auto binary = parsed(parts).encode();
    append(binary, hex("c003"));
    EXPECT_EQ(code_of(Multiaddr::decode(binary)), Errc::malformed);

    const auto longest = parsed("/dns/" + std::string(1021, 'a'));
    EXPECT_EQ(longest.encode().size(), 1024u);
    EXPECT_EQ(Multiaddr::decode(longest.encode()).value(), longest);
    EXPECT_EQ(code_of(Multiaddr::parse("/dns/" + std::string(1022, 'a'))), Errc::malformed);
    binary = longest.encode();
    binary.push_back(0x06);
    EXPECT_EQ(code_of(Multiaddr::decode(binary)), Errc::malformed);
    EXPECT_EQ(code_of(Multiaddr::parse("/dns/" + std::string(100000, 'a'))), Errc::malformed);
}

TEST(Multiaddr, TrimsASlashAtTheEnd) {
    EXPECT_EQ(parsed("/ip4/127.0.0.1/tcp/1/").to_string(), "/ip4/127.0.0.1/tcp/1");
    EXPECT_EQ(parsed("/ip4/127.0.0.1/tcp/1/tls/").to_string(), "/ip4/127.0.0.1/tcp/1/tls");
}

TEST(Multiaddr, AUnixPathTakesTheRest) {
    const auto address = parsed("/unix/tmp/tcp/1");
    ASSERT_EQ(address.parts().size(), 1u);
    EXPECT_EQ(text_of(address.parts()[0].value), "/tmp/tcp/1");
}

TEST(Multiaddr, AnHttpPathIsPlainInBinary) {
    const auto address = parsed("/http-path/a+b%2fc%C3%A9~-._");
    EXPECT_EQ(text_of(address.parts()[0].value), "a+b/c\xc3\xa9~-._");
    EXPECT_EQ(address.to_string(), "/http-path/a%2Bb%2Fc%C3%A9~-._");
}

TEST(Multiaddr, TellsItsParts) {
    const auto address = parsed("/ip4/192.0.2.1/tcp/60000/p2p/" + std::string(kPeer));
    EXPECT_EQ(to_hex(address.ip()), "c0000201");
    EXPECT_EQ(address.tcp_port(), 60000);
    EXPECT_EQ(address.peer_id().size(), 34u);
    EXPECT_TRUE(address.has(AddrCode::p2p));
    EXPECT_FALSE(address.has(AddrCode::udp));
    EXPECT_EQ(address.find(AddrCode::tcp)->value, (Bytes{0xea, 0x60}));
    EXPECT_EQ(address.without_peer().to_string(), "/ip4/192.0.2.1/tcp/60000");
    EXPECT_EQ(address.without_peer().with(AddrCode::p2p, to_bytes(address.peer_id())), address);
    EXPECT_EQ(address.without_peer().without_peer(), address.without_peer());

    const auto relayed = parsed("/dns/a/tcp/1/p2p/" + std::string(kPeer) + "/p2p-circuit");
    EXPECT_TRUE(relayed.ip().empty());
    EXPECT_TRUE(relayed.peer_id().empty()) << "the relay is not the peer";
    EXPECT_EQ(relayed.without_peer(), relayed);

    const Multiaddr empty;
    EXPECT_TRUE(empty.empty());
    EXPECT_TRUE(empty.ip().empty() && empty.peer_id().empty() && !empty.tcp_port() && empty.to_string().empty());
    EXPECT_EQ(empty.without_peer(), empty);
}

TEST(Multiaddr, IsMadeFromAnIp) {
    EXPECT_EQ(Multiaddr::from_ip(Bytes{127, 0, 0, 1}, 30303).to_string(), "/ip4/127.0.0.1/tcp/30303");
    EXPECT_EQ(Multiaddr::from_ip(parse_ip("::1").value(), 1).to_string(), "/ip6/::1/tcp/1");
}

TEST(Multiaddr, IsOrderedByItsEncoding) {
    std::vector<Multiaddr> addresses;
    for (const auto* text :
         {"/dns/b", "/ip4/127.0.0.1/tcp/2", "/ip4/127.0.0.1", "/tls", "/dns/aa", "/ip4/127.0.0.1/tcp/1"}) {
        addresses.push_back(parsed(text));
    }
    std::ranges::sort(addresses);
    for (std::size_t i = 1; i < addresses.size(); ++i) EXPECT_LT(addresses[i - 1].encode(), addresses[i].encode());
    EXPECT_EQ(addresses.front().to_string(), "/ip4/127.0.0.1");
    EXPECT_EQ(addresses[0] <=> parsed("/ip4/127.0.0.1"), std::strong_ordering::equal);
}

TEST(Ip, HasTheTextOfRfc5952) {
    const std::pair<const char*, const char*> cases[] = {
        {"127.0.0.1", "127.0.0.1"},
        {"0.0.0.0", "0.0.0.0"},
        {"2001:0db8:0000:0000:0000:ff00:0042:8329", "2001:db8::ff00:42:8329"},
        {"2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
        {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
        {"::", "::"},
        {"0:0:0:0:0:0:0:1", "::1"},
        {"::ffff:c000:0201", "::ffff:192.0.2.1"},
    };
    for (const auto& [text, canonical] : cases) EXPECT_EQ(ip_to_string(parse_ip(text).value()), canonical);
    for (const auto* bad : {"",
                            "1.2.3",
                            "1.2.3.4.5",
                            "1.2.3.4 ",
                            ":",
                            ":::",
                            "1::2::3",
                            "12345::",
                            "::1%lo",
                            "0x7f.0.0.1",
                            "localhost"}) {
        EXPECT_EQ(code_of(parse_ip(bad)), Errc::malformed) << bad;
    }
}

}  // namespace
}  // namespace sotto
