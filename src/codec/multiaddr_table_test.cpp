// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "codec/multiaddr_table.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "codec/multiaddr.hpp"
#include "codec/testing.hpp"
#include "codec/varint.hpp"

namespace sotto::multiaddr {
namespace {

using sotto::testing::code_of;

struct Row {
    std::uint32_t code = 0;
    int size = 0;
    std::string name;
};

/// multiformats/multiaddr protocols.csv: code, size in bits or V, name, comment.
std::vector<Row> published_table() {
    std::ifstream in(SOTTO_VECTORS "/libp2p/multiaddr-protocols.csv");
    std::vector<Row> rows;
    std::string line;
    std::getline(in, line);
    while (std::getline(in, line)) {
        std::erase_if(line, [](char c) { return c == ' ' || c == '\t' || c == '\r'; });
        const auto first = line.find(',');
        const auto second = line.find(',', first + 1);
        const auto third = line.find(',', second + 1);
        const auto size = line.substr(first + 1, second - first - 1);
        rows.push_back({static_cast<std::uint32_t>(std::stoul(line.substr(0, first))),
                        size == "V" ? kVariable : std::stoi(size) / 8,
                        line.substr(second + 1, third - second - 1)});
    }
    return rows;
}

constexpr std::string_view kPeer = "QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC";

/// One value for each protocol that has one.
std::string value_of(std::string_view protocol) {
    static const std::map<std::string_view, std::string> values = {
        {"ip4", "192.0.2.33"},
        {"tcp", "65535"},
        {"dccp", "1234"},
        {"ip6", "2001:db8::ff00:42:8329"},
        {"ip6zone", "eth0"},
        {"ipcidr", "24"},
        {"dns", "example.com"},
        {"dns4", "xn--bcher-kva.example"},
        {"dns6", "example.com"},
        {"dnsaddr", "bootstrap.libp2p.io"},
        {"sctp", "0"},
        {"udp", "9000"},
        {"unix", "run/user/1000/sotto.sock"},
        {"p2p", std::string(kPeer)},
        {"ipfs", std::string(kPeer)},
        {"onion", "aaimaq4ygg2iegci:80"},
        {"onion3", "vww6ybal4bd7szmgncyruucpgfkqahzddi37ktceo3ah7ngmcopnpyyd:1234"},
        {"garlic64", std::string(512, '~') + "a-9~"},
        {"garlic32", "566niximlxdzpanmn4qouucvua3k7neniwss47li5r6ugoertzuqzwas"},
        {"sni", "example.com"},
        {"certhash", "uEiDDq4_xNyDorZBH3TlGazyJdOWSwvo4PUo5YHFMrvDE8g"},
        {"http-path", "tmp%2Fbar%20100%25"},
        {"memory", "4"},
    };
    return values.at(protocol);
}

std::string sample_of(const Protocol& protocol) {
    const auto name = std::string(protocol.name);
    return protocol.size == 0 ? "/" + name : "/" + name + "/" + value_of(name);
}

TEST(MultiaddrTable, IsThePublishedOneAndRlpx) {
    const auto published = published_table();
    ASSERT_EQ(published.size(), 41u);
    for (const auto& row : published) {
        const auto* protocol = find(row.name);
        ASSERT_NE(protocol, nullptr) << row.name;
        EXPECT_EQ(protocol->code, row.code) << row.name;
        EXPECT_EQ(protocol->size, row.size) << row.name;
    }
    EXPECT_EQ(table().size(), published.size() + 1);
    EXPECT_EQ(find("rlpx")->code, 0x300001u);
    EXPECT_EQ(find("rlpx")->size, 0);
}

TEST(MultiaddrTable, HasAFormForEveryValue) {
    for (const auto& protocol : table()) EXPECT_EQ(protocol.form != nullptr, protocol.size != 0) << protocol.name;
}

TEST(MultiaddrTable, EveryProtocolIsParsedPrintedAndDecoded) {
    for (const auto& protocol : table()) {
        const auto text = sample_of(protocol);
        const auto address = Multiaddr::parse(text);
        ASSERT_TRUE(address.has_value()) << text << ": " << address.error().message();
        ASSERT_EQ(address->parts().size(), 1u) << text;
        const auto printed = protocol.name == "ipfs" ? "/p2p/" + std::string(kPeer) : text;
        EXPECT_EQ(address->to_string(), printed);
        const auto binary = address->encode();
        BytesView rest(binary);
        EXPECT_EQ(varint::read(rest).value(), protocol.code);
        EXPECT_EQ(Multiaddr::decode(binary).value(), *address) << text;
        for (std::size_t size = 0; size < binary.size(); ++size) {
            EXPECT_FALSE(Multiaddr::decode(BytesView(binary).first(size)).has_value()) << text << " cut to " << size;
        }
    }
}

TEST(MultiaddrTable, EveryProtocolStandsBehindAnother) {
    for (const auto& protocol : table()) {
        const auto text = "/ip4/127.0.0.1/tcp/1" + sample_of(protocol);
        const auto address = Multiaddr::parse(text).value();
        EXPECT_EQ(address.parts().size(), 3u) << text;
        EXPECT_EQ(Multiaddr::decode(address.encode()).value(), address) << text;
    }
}

TEST(MultiaddrTable, AProtocolWithAValueNeedsIt) {
    for (const auto& protocol : table()) {
        if (protocol.size == 0) continue;
        const auto name = "/" + std::string(protocol.name);
        EXPECT_EQ(code_of(Multiaddr::parse(name)), Errc::malformed) << name;
        EXPECT_EQ(code_of(Multiaddr::parse(name + "/")), Errc::malformed) << name;
        EXPECT_EQ(Multiaddr::parse(name + "//tcp/1").has_value(), protocol.path) << name;
    }
}

}  // namespace
}  // namespace sotto::multiaddr
