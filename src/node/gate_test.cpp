// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "node/gate.hpp"

#include <gtest/gtest.h>

namespace sotto::node {
namespace {

using namespace std::chrono_literals;

Multiaddr from(std::string_view ip) {
    return *Multiaddr::parse((ip.find(':') == ip.npos ? "/ip4/" : "/ip6/") + std::string(ip) + "/tcp/1");
}

TEST(Cidr, ContainsByPrefix) {
    EXPECT_TRUE(Cidr::parse("10.0.0.0/8")->contains(*parse_ip("10.255.0.1")));
    EXPECT_FALSE(Cidr::parse("10.0.0.0/8")->contains(*parse_ip("11.0.0.1")));
    EXPECT_TRUE(Cidr::parse("10.1.2.128/25")->contains(*parse_ip("10.1.2.200")));
    EXPECT_FALSE(Cidr::parse("10.1.2.128/25")->contains(*parse_ip("10.1.2.100")));
    EXPECT_TRUE(Cidr::parse("::1")->contains(*parse_ip("::1")));
    EXPECT_FALSE(Cidr::parse("::1")->contains(*parse_ip("127.0.0.1")));
    EXPECT_TRUE(Cidr::parse("0.0.0.0/0")->contains(*parse_ip("8.8.8.8")));
}

TEST(Cidr, RefusesWhatIsNoRange) {
    for (const auto* text : {"", "10.0.0.0/33", "10.0.0/8", "::/129", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x"}) {
        EXPECT_FALSE(Cidr::parse(text)) << text;
    }
}

TEST(Gate, BoundsOneAddressAndItsSubnetAndLetsGoWhatLeft) {
    Limits limits;
    limits.connections_per_ip = 2;
    limits.connections_per_24 = 3;
    Gate gate(limits, {});
    EXPECT_TRUE(gate.enter(from("1.2.3.4"), {}));
    EXPECT_TRUE(gate.enter(from("1.2.3.4"), {}));
    EXPECT_EQ(gate.enter(from("1.2.3.4"), {}).error().detail(), "connections-per-ip");
    EXPECT_TRUE(gate.enter(from("1.2.3.5"), {}));
    EXPECT_EQ(gate.enter(from("1.2.3.6"), {}).error().detail(), "connections-per-24");
    EXPECT_TRUE(gate.enter(from("1.2.4.6"), {}));
    gate.leave(from("1.2.3.4"));
    EXPECT_TRUE(gate.enter(from("1.2.3.6"), {}));
}

TEST(Gate, CountsAMappedAddressAsIpv4AndASlash56AsOneHost) {
    Limits limits;
    limits.connections_per_ip = 1;
    Gate gate(limits, {});
    EXPECT_TRUE(gate.enter(from("1.2.3.4"), {}));
    EXPECT_FALSE(gate.enter(from("::ffff:1.2.3.4"), {}));
    EXPECT_TRUE(gate.enter(from("2001:db8:0:100::1"), {}));
    EXPECT_FALSE(gate.enter(from("2001:db8:0:1ff::1"), {}));
    EXPECT_TRUE(gate.enter(from("2001:db8:0:200::1"), {}));
}

TEST(Gate, BoundsAcceptsPerSecond) {
    Limits limits;
    limits.accepts_per_second = 2;
    Gate gate(limits, {});
    EXPECT_TRUE(gate.enter(from("1.1.1.1"), {10s}));
    EXPECT_TRUE(gate.enter(from("2.1.1.1"), {10s}));
    EXPECT_FALSE(gate.enter(from("3.1.1.1"), {10s + 900ms}));
    EXPECT_TRUE(gate.enter(from("3.1.1.1"), {11s}));
}

TEST(Gate, ExemptsOnlyWhatIsListedAndNotLoopbackByItself) {
    Limits limits;
    limits.connections_per_ip = 1;
    Gate strict(limits, {});
    EXPECT_TRUE(strict.enter(from("127.0.0.1"), {}));
    EXPECT_FALSE(strict.enter(from("127.0.0.1"), {}));
    Gate open(limits, {*Cidr::parse("127.0.0.0/8")});
    for (int i = 0; i < 1000; ++i) EXPECT_TRUE(open.enter(from("127.0.0.1"), {}));
}

}  // namespace
}  // namespace sotto::node
