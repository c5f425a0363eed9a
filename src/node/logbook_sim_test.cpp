// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "node/logbook.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/task_group.hpp"
#include "node/host_testing.hpp"

namespace sotto::node {
namespace {

using namespace std::chrono_literals;
using testing::key_of;

/// Two nodes of which the second dials the first, and what the first has logged.
class Pair {
  public:
    Pair() : network_(world) {
        network_.set_link({.latency = 10ms});
        const auto id = crypto::PeerId(key_of(1).public_key());
        first = make(1, {address()}, {});
        second = make(2, {}, {address().with(AddrCode::p2p, id.bytes())});
        EXPECT_TRUE(first->listen());
    }
    template <class Body>
    std::string log_of(Body body) {
        ::testing::internal::CaptureStderr();
        world.run(live(body));
        return ::testing::internal::GetCapturedStderr();
    }
    Task<void> pass(Duration time) { return sleep_for(world, time); }

    sim::World world;
    std::unique_ptr<Node> first, second;

  private:
    static Multiaddr address() { return Multiaddr::from_ip(sim::Ip4{10, 0, 0, 1}, 60000); }
    std::unique_ptr<Node> make(Byte number, std::vector<Multiaddr> listen, std::vector<Multiaddr> peers) {
        Config config;
        config.default_listen = false;
        config.min_pow = 0;
        config.listen = std::move(listen);
        config.peers = std::move(peers);
        Node::Transports transports;
        transports.push_back(network_.transport({10, 0, 0, number}));
        return Node::make(world.env(), config, {key_of(number), key_of(number)}, std::move(transports)).value();
    }
    template <class Body>
    Task<void> live(Body& body) {
        auto in_group = [this, &body](TaskGroup& group) -> Task<bool> {
            group.spawn(first->run());
            group.spawn(second->run());
            co_await body(*this);
            first->stop();
            second->stop();
            co_await group.wait_all();
            co_return true;
        };
        co_await with_group(world.env(), 8, std::ref(in_group));
    }

    sim::Network network_;
};

std::ptrdiff_t count(const std::string& log, std::string_view words) {
    std::ptrdiff_t found = 0;
    for (auto at = log.find(words); at != std::string::npos; at = log.find(words, at + 1)) ++found;
    return found;
}

TEST(Logbook, TellsOfEachPeerOnce) {
    Pair pair;
    const Logbook logbook(*pair.first);
    auto body = [](Pair& p) -> Task<void> {
        co_await p.pass(10s);
        p.second->stop();
        co_await p.pass(10s);
    };
    const auto log = pair.log_of(std::ref(body));
    EXPECT_EQ(count(log, "peer connected"), 1) << log;
    EXPECT_EQ(count(log, "peer disconnected"), 1) << log;
    EXPECT_EQ(count(log, "peer=\"" + crypto::PeerId(key_of(2).public_key()).to_string() + "\" network=\"libp2p\""), 2);
    EXPECT_EQ(count(log, " address=\"/ip4/10.0.0.2/tcp/"), 2) << log;
    EXPECT_EQ(count(log, "direction=\"in\""), 1) << log;
    EXPECT_EQ(count(log, "said goodbye"), 1) << log;
    EXPECT_TRUE(log.starts_with("I ")) << log;
}

TEST(Logbook, TellsEveryTenMinutesWhatWasSince) {
    Pair pair;
    const Logbook logbook(*pair.first);
    auto body = [](Pair& p) -> Task<void> {
        co_await p.pass(9min);
        const auto key = p.second->whisper().new_sym_key();
        EXPECT_TRUE(
            co_await p.second->whisper().post({.sym_key_id = *key, .ttl = 300, .topic = {1, 2, 3, 4}, .pow_time = 1}));
        co_await p.pass(12min);
    };
    const auto log = pair.log_of(std::ref(body));
    EXPECT_EQ(count(log, "the latest ten minutes"), 2) << log;
    EXPECT_EQ(count(log, "devp2p=\"0\" libp2p=\"1\" envelopes=\"1\""), 1) << log;
    EXPECT_EQ(count(log, "accepted=\"1\""), 1) << log;
    EXPECT_EQ(count(log, "accepted=\"0\""), 1) << "counted from the line before";
}

TEST(Logbook, AFloodOfPeersIsCountedAndNotTold) {
    Pair pair;
    const Logbook logbook(*pair.first);
    auto body = [](Pair& p) -> Task<void> {
        for (int i = 0; i < 300; ++i) p.first->host().events().emit({.peer = crypto::PeerId(key_of(3).public_key())});
        co_await p.pass(11min);
    };
    const auto log = pair.log_of(std::ref(body));
    EXPECT_LE(count(log, "peer connected"), 110);
    EXPECT_GE(count(log, "peer connected"), 100);
    const auto said = log.find("peers_left_out=\"");
    ASSERT_NE(said, std::string::npos) << log;
    EXPECT_GE(std::stoi(log.substr(said + 16)), 200) << log.substr(said);
}

}  // namespace
}  // namespace sotto::node
