// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "transport/memory.hpp"

#include <gtest/gtest.h>

#include "sim/stream_suite.hpp"
#include "sim/transport_suite.hpp"
#include "sim/world.hpp"

namespace sotto::transport {
namespace {

using namespace std::chrono_literals;

class Memory : public testing::Test {
  protected:
    static Multiaddr address(std::string_view text) { return Multiaddr::parse(text).value(); }
    Result<net::RawConnection> dial(std::string_view to) {
        return world.run(dialler->dial(address(to), Deadline::in(world, 1s)));
    }

    sim::World world;
    std::shared_ptr<MemoryNetwork> network = make_memory_network();
    std::unique_ptr<net::Transport> dialler = make_memory_transport(world.env(), network);
    std::unique_ptr<net::Transport> listener = make_memory_transport(world.env(), network);
};

TEST_F(Memory, KeepsTheContractOfATransport) {
    sim::transport_suite(
        [&](sim::TransportCase test) { world.run(test({world.env(), *dialler, *listener, address("/memory/node")})); });
}

TEST_F(Memory, KeepsTheContractOfAStream) {
    sim::stream_suite([&](sim::StreamCase test) {
        const auto listening = listener->listen(address("/memory/node")).value();
        auto dialled = dial("/memory/node").value();
        auto accepted = world.run(listening->accept()).value();
        world.run(test(world.env(), {std::move(dialled.stream), std::move(accepted.stream)}));
    });
}

TEST_F(Memory, NamesTheDiallingEnd) {
    const auto listening = listener->listen(address("/memory/node/rlpx")).value();
    EXPECT_EQ(dial("/memory/node/rlpx").value().local.to_string(), "/memory/node-1/rlpx");
    EXPECT_EQ(dial("/memory/node/rlpx").value().local.to_string(), "/memory/node-2/rlpx");
    EXPECT_FALSE(listener->listen(address("/memory/" + std::string(201, 'x'))));
    EXPECT_EQ(dial("/memory/" + std::string(900, 'x')).error().code(), Errc::refused);
}

TEST_F(Memory, ReachesOnlyItsOwnNetwork) {
    const auto elsewhere = make_memory_transport(world.env(), make_memory_network());
    const auto listening = elsewhere->listen(address("/memory/node")).value();
    EXPECT_EQ(dial("/memory/node").error().code(), Errc::refused);
}

TEST_F(Memory, RefusesWhenTheBacklogIsFullAndEndsWhatNobodyAccepted) {
    auto listening = listener->listen(address("/memory/node")).value();
    std::vector<net::RawConnection> kept;
    for (int i = 0; i < 128; ++i) kept.push_back(dial("/memory/node").value());
    EXPECT_EQ(dial("/memory/node").error().code(), Errc::refused);
    listening.reset();
    ByteArray<1> byte{};
    EXPECT_EQ(world.run(net::read_some(*kept[0].stream, byte)).value_or(9), 0u);
}

}  // namespace
}  // namespace sotto::transport
