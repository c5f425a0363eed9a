// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "sim/network.hpp"

#include <gtest/gtest.h>

#include "base/task_group.hpp"
#include "sim/stream_suite.hpp"
#include "sim/transport_suite.hpp"
#include "sim/world.hpp"

namespace sotto::sim {
namespace {

using namespace std::chrono_literals;

constexpr Ip4 kA{10, 0, 0, 1};
constexpr Ip4 kB{10, 0, 0, 2};
constexpr Ip4 kC{10, 0, 0, 3};

Multiaddr address(std::string_view text) {
    return Multiaddr::parse(text).value();
}

class NetworkTest : public testing::Test {
  protected:
    using Dialled = Result<net::RawConnection>;

    NetworkTest() { network.set_link({.latency = 10ms}); }

    Dialled dial(net::Transport& from, std::string_view to, Duration limit = 15s) {
        return world.run(from.dial(address(to), Deadline::in(world, limit)));
    }
    net::RawConnection accept(net::Listener& listener) { return world.run(listener.accept()).value(); }
    /// What arrives at the other end, and when.
    std::pair<std::string, Duration> send(net::Stream& from, net::Stream& to) {
        const auto begun = world.now();
        EXPECT_TRUE(world.run(net::write(from, view_of("hello"))));
        ByteArray<5> got{};
        EXPECT_TRUE(world.run(net::read_exact(to, got)));
        return {std::string(text_of(got)), world.now() - begun};
    }

    World world{3};
    Network network{world};
    std::unique_ptr<net::Transport> a = network.transport(kA);
    std::unique_ptr<net::Transport> b = network.transport(kB);
};

TEST_F(NetworkTest, ConnectsAfterARoundTripAndKeepsTheKindOfTheAddress) {
    const auto listener = b->listen(address("/ip4/10.0.0.2/tcp/0/rlpx")).value();
    EXPECT_TRUE(listener->local().has(AddrCode::rlpx));
    const auto port = *listener->local().tcp_port();
    EXPECT_NE(port, 0);
    const auto to = "/ip4/10.0.0.2/tcp/" + std::to_string(port) + "/rlpx";
    const auto dialled = dial(*a, to + "/p2p/16Uiu2HAmRHPzF3rQg55PgYPcQkyvPVH9n2hWsYPhUJBZ6kVjJgdV").value();
    EXPECT_EQ(world.now().since_start, 20ms);
    const auto accepted = accept(*listener);
    EXPECT_EQ(dialled.remote.to_string(), to);
    EXPECT_EQ(accepted.local.to_string(), to);
    EXPECT_EQ(accepted.remote, dialled.local);
    EXPECT_TRUE(equal(accepted.remote.ip(), kA));
    EXPECT_TRUE(accepted.remote.has(AddrCode::rlpx));
    EXPECT_EQ(send(*dialled.stream, *accepted.stream), std::pair(std::string("hello"), Duration(10ms)));
    EXPECT_EQ(send(*accepted.stream, *dialled.stream), std::pair(std::string("hello"), Duration(10ms)));
}

TEST_F(NetworkTest, HandlesTcpOverIp4Alone) {
    EXPECT_TRUE(a->handles(address("/ip4/10.0.0.2/tcp/1/rlpx")));
    EXPECT_FALSE(a->handles(address("/ip6/::1/tcp/1")));
    EXPECT_FALSE(a->handles(address("/ip4/10.0.0.2/tcp/1/ws")));
    EXPECT_FALSE(a->handles(address("/ip4/10.0.0.2/udp/1")));
}

TEST_F(NetworkTest, RefusesWhereNobodyListens) {
    EXPECT_EQ(dial(*a, "/ip4/10.0.0.2/tcp/1").error().code(), Errc::refused);
    EXPECT_EQ(dial(*a, "/ip4/10.0.0.9/tcp/1").error().code(), Errc::unreachable);
    b->listen(address("/ip4/10.0.0.2/tcp/1")).value()->close();
    EXPECT_EQ(dial(*a, "/ip4/10.0.0.2/tcp/1").error().code(), Errc::refused);
}

TEST_F(NetworkTest, ListensOncePerPortOnItsOwnAddress) {
    const auto first = b->listen(address("/ip4/10.0.0.2/tcp/1")).value();
    EXPECT_EQ(b->listen(address("/ip4/10.0.0.2/tcp/1")).error().code(), Errc::in_use);
    EXPECT_EQ(b->listen(address("/ip4/10.0.0.1/tcp/2")).error().code(), Errc::invalid_argument);
}

TEST_F(NetworkTest, RefusesWhenTheBacklogIsFull) {
    const auto listener = b->listen(address("/ip4/10.0.0.2/tcp/1")).value();
    std::vector<net::RawConnection> kept;
    for (int i = 0; i < 128; ++i) kept.push_back(dial(*a, "/ip4/10.0.0.2/tcp/1").value());
    EXPECT_EQ(dial(*a, "/ip4/10.0.0.2/tcp/1").error().code(), Errc::refused);
}

TEST_F(NetworkTest, PrefersTheLinkOfAPair) {
    const auto c = network.transport(kC);
    network.set_link(kC, kB, {.latency = 70ms});
    const auto listener = b->listen(address("/ip4/10.0.0.2/tcp/1")).value();
    EXPECT_TRUE(dial(*a, "/ip4/10.0.0.2/tcp/1"));
    EXPECT_EQ(world.now().since_start, 20ms);
    EXPECT_TRUE(dial(*c, "/ip4/10.0.0.2/tcp/1"));
    EXPECT_EQ(world.now().since_start, 160ms);
}

TEST_F(NetworkTest, GivesUpAtTheDeadlineWhenTheWayIsLong) {
    network.set_link({.latency = 30s});
    const auto listener = b->listen(address("/ip4/10.0.0.2/tcp/1")).value();
    EXPECT_EQ(dial(*a, "/ip4/10.0.0.2/tcp/1").error().code(), Errc::timed_out);
    EXPECT_EQ(world.now().since_start, 15s);
}

TEST_F(NetworkTest, HoldsDialsBackWhileItIsPartitioned) {
    const auto listener = b->listen(address("/ip4/10.0.0.2/tcp/1")).value();
    network.partition({kA});
    EXPECT_EQ(dial(*a, "/ip4/10.0.0.2/tcp/1").error().code(), Errc::timed_out);
    EXPECT_EQ(world.now().since_start, 15s);
    const auto healing = world.after(2s, [&] { network.heal(); });
    EXPECT_TRUE(dial(*a, "/ip4/10.0.0.2/tcp/1"));
    EXPECT_EQ(world.now().since_start, 18s + 20ms);  // the tries of 0, 1 and 3 s
}

TEST_F(NetworkTest, HoldsBytesBackAcrossThePartitionAlone) {
    const auto c = network.transport(kC);
    const auto listener = b->listen(address("/ip4/10.0.0.2/tcp/1")).value();
    const auto from_a = dial(*a, "/ip4/10.0.0.2/tcp/1").value();
    const auto of_a = accept(*listener);
    const auto from_c = dial(*c, "/ip4/10.0.0.2/tcp/1").value();
    const auto of_c = accept(*listener);
    network.partition({kB, kC});
    const auto healing = world.after(30s, [&] { network.heal(); });
    EXPECT_EQ(send(*from_c.stream, *of_c.stream).second, 10ms);
    EXPECT_GE(send(*from_a.stream, *of_a.stream).second, 29s);
    EXPECT_EQ(send(*of_a.stream, *from_a.stream).second, 10ms);
}

TEST_F(NetworkTest, EndsAllThatAKilledNodeHad) {
    const auto listener = b->listen(address("/ip4/10.0.0.2/tcp/1")).value();
    const auto dialled = dial(*a, "/ip4/10.0.0.2/tcp/1").value();
    const auto accepted = accept(*listener);
    network.kill(kB);
    ByteArray<1> byte{};
    EXPECT_EQ(world.run(net::read_some(*accepted.stream, byte)).error().code(), Errc::reset);
    EXPECT_EQ(world.run(listener->accept()).error().code(), Errc::reset);
    EXPECT_EQ(world.run(net::read_some(*dialled.stream, byte)).value(), 0u);
    EXPECT_EQ(dial(*a, "/ip4/10.0.0.2/tcp/1").error().code(), Errc::unreachable);
    EXPECT_EQ(dial(*b, "/ip4/10.0.0.1/tcp/1").error().code(), Errc::unreachable);
    EXPECT_EQ(b->listen(address("/ip4/10.0.0.2/tcp/2")).error().code(), Errc::closed);

    const auto again = network.transport(kB);
    const auto second = again->listen(address("/ip4/10.0.0.2/tcp/1")).value();
    listener->close();  // of the killed one: not of its successor
    EXPECT_TRUE(dial(*a, "/ip4/10.0.0.2/tcp/1"));
}

TEST_F(NetworkTest, KeepsTheContractOfAStream) {
    stream_suite([](StreamCase test) {
        World own(5);
        Network net(own);
        net.set_link({.latency = 5ms, .jitter = 5ms, .loss = 0.05});
        const auto left = net.transport(kA);
        const auto right = net.transport(kB);
        const auto listener = right->listen(address("/ip4/10.0.0.2/tcp/1")).value();
        auto dialled = own.run(left->dial(address("/ip4/10.0.0.2/tcp/1"), Deadline::in(own, 1min))).value();
        auto accepted = own.run(listener->accept()).value();
        own.run(test(own.env(), {std::move(dialled.stream), std::move(accepted.stream)}));
    });
}

TEST_F(NetworkTest, KeepsTheContractOfATransport) {
    transport_suite(
        [&](TransportCase test) { world.run(test({world.env(), *a, *b, address("/ip4/10.0.0.2/tcp/0")})); });
}

TEST_F(NetworkTest, LosesSomeDialsOnALossyLink) {
    network.set_link({.latency = 10ms, .loss = 0.3});
    const auto listener = b->listen(address("/ip4/10.0.0.2/tcp/1")).value();
    int retried = 0;
    for (int i = 0; i < 100; ++i) {
        const auto begun = world.now();
        EXPECT_TRUE(dial(*a, "/ip4/10.0.0.2/tcp/1", 1min));
        retried += world.now() - begun >= 1s;
        (void)accept(*listener);
    }
    EXPECT_GT(retried, 15);
    EXPECT_LT(retried, 45);
}

}  // namespace
}  // namespace sotto::sim
