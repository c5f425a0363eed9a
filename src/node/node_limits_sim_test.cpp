// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <array>

#include "base/task_group.hpp"
#include "node/host_testing.hpp"
#include "node/node.hpp"
#include "whisper/packets.hpp"

namespace sotto::node {
namespace {

using namespace std::chrono_literals;
using net::Network;
using testing::key_of;

/// A connection that the test plays itself, with a Whisper session on it.
struct Peer {
    std::unique_ptr<net::Connection> connection;
    std::unique_ptr<net::MessageStream> shh;
    bool ended = false;
};

/// A node whose limits change, in a simulated world.
class Rig {
  public:
    Rig() : network(world) {
        network.set_link({.latency = 10ms});
        Config config;
        config.default_listen = false;
        config.min_pow = 0;
        for (const auto on : testing::kBoth) config.listen.push_back(address(on));
        Node::Transports transports;
        transports.push_back(network.transport(kIp));
        node = Node::make(world.env(), config, {key_of(1), key_of(1)}, std::move(transports)).value();
        EXPECT_TRUE(node->listen());
    }
    template <class Body>
    void run(Body body) {
        world.run(live(body));
        peers_.clear();
    }
    Task<void> pass(Duration time) { return sleep_for(world, time); }
    void limit(const std::string& assignment) {
        auto limits = node->limits();
        EXPECT_TRUE(limits.set(assignment));
        node->set_limits(limits);
    }
    Task<Peer*> meet(Network on, Byte number) {
        auto& peer = *peers_.emplace_back(std::make_unique<Peer>());
        const auto transport = network.transport({10, 0, 1, number});
        const auto upgrader = on == Network::devp2p
                                  ? testing::Party::devp2p_upgrader(world.env(), number, {&node->whisper().spec()})
                                  : testing::Party::libp2p_upgrader(world.env(), number, {&node->whisper().spec()});
        const auto id = crypto::PeerId(key_of(1).public_key());
        auto raw = co_await transport->dial(address(on).with(AddrCode::p2p, id.bytes()), soon());
        auto made = co_await upgrader->upgrade(std::move(*raw), net::Role::dialer, &id, soon());
        peer.connection = std::move(*made);
        group_->spawn(drive(peer));
        co_await pass(1s);  // identify on libp2p takes a stream for a moment
        auto opened = co_await peer.connection->open(node->whisper().spec(), soon());
        peer.shh = std::move(*opened);
        const auto status = whisper::encode_status({});
        const std::array<BytesView, 1> pieces{status};
        EXPECT_TRUE(co_await peer.shh->write(whisper::code::kStatus, pieces));
        EXPECT_TRUE(co_await peer.shh->read());
        co_return &peer;
    }
    Deadline soon() { return Deadline::in(world, 10s); }

    static constexpr sim::Ip4 kIp{10, 0, 0, 1};
    sim::World world;
    sim::Network network;
    std::unique_ptr<Node> node;

  private:
    template <class Body>
    Task<void> live(Body& body) {
        auto in_group = [this, &body](TaskGroup& group) -> Task<bool> {
            group_ = &group;
            group.spawn(node->run());
            co_await body(*this);
            for (const auto& peer : peers_) peer->connection->close(Error(Errc::closed));
            node->stop();
            co_await group.wait_all();
            co_return true;
        };
        co_await with_group(world.env(), 64, std::ref(in_group));
    }
    static Task<void> drive(Peer& peer) {
        (void)co_await peer.connection->run();
        peer.ended = true;
    }
    static Multiaddr address(Network on) {
        auto address = Multiaddr::from_ip(kIp, on == Network::devp2p ? 30303 : 60000);
        return on == Network::devp2p ? address.with(AddrCode::rlpx) : address;
    }

    TaskGroup* group_ = nullptr;
    std::vector<std::unique_ptr<Peer>> peers_;
};

TEST(NodeLimits, EveryOneIsTakenOver) {
    Rig rig;
    for (const auto& info : limit_table()) {
        rig.limit(std::string(info.name) + "=7");
        EXPECT_EQ(rig.node->limits().*info.field, 7u) << info.name;
    }
}

TEST(NodeLimits, StreamsAreCountedAnewOnNewConnections) {
    Rig rig;
    auto body = [](Rig& r) -> Task<void> {
        auto* first = co_await r.meet(Network::libp2p, 2);
        EXPECT_TRUE(co_await first->connection->ping(r.soon()));
        r.limit("streams-per-connection=1");
        auto* second = co_await r.meet(Network::libp2p, 3);
        EXPECT_FALSE(co_await second->connection->ping(r.soon())) << "a second stream";
        EXPECT_TRUE(co_await first->connection->ping(r.soon())) << "as it was made";
        r.limit("streams-per-connection=unlimited");
        auto* third = co_await r.meet(Network::libp2p, 4);
        EXPECT_TRUE(co_await third->connection->ping(r.soon()));
    };
    rig.run(std::ref(body));
}

TEST(NodeLimits, AnOutboxOnDevp2pIsAsLargeAsWhenItsConnectionWasMade) {
    for (const bool unlimited : {false, true}) {
        Rig rig;
        auto body = [unlimited](Rig& r) -> Task<void> {
            r.limit(unlimited ? "outbox-bytes=unlimited" : "outbox-bytes=1");
            (void)co_await r.meet(Network::devp2p, 2);
            const auto key = r.node->whisper().new_sym_key();
            for (int i = 0; i < 20; ++i) {
                const auto posted = co_await r.node->whisper().post({.sym_key_id = *key,
                                                                     .ttl = 100,
                                                                     .topic = {1, 2, 3, 4},
                                                                     .payload = r.world.random().bytes(400'000),
                                                                     .pow_time = 1});
                EXPECT_TRUE(posted);
                co_await r.pass(100ms);
            }
            const auto sent = r.node->whisper().counters().sent;
            if (unlimited) {
                EXPECT_EQ(sent, 20u) << "the peer takes none, all wait for it";
            } else {
                EXPECT_LE(sent, 10u);
            }
        };
        rig.run(std::ref(body));
    }
}

TEST(NodeLimits, RatesAndPoolOfWhisperAreThoseOfTheNode) {
    Rig rig;
    auto body = [](Rig& r) -> Task<void> {
        auto* peer = co_await r.meet(Network::devp2p, 2);
        r.limit("peer-packets-per-second=5");
        co_await r.pass(1s);
        const auto told = peer->shh->try_read();
        EXPECT_TRUE(told && told->code == whisper::code::kRateLimits);
        EXPECT_EQ(whisper::decode_rates(told->payload)->per_peer, 5u);
        r.limit("pool-envelopes=1");
        const auto key = r.node->whisper().new_sym_key();
        const whisper::NewMessage message{.sym_key_id = *key, .topic = {1, 2, 3, 4}, .pow_time = 1};
        EXPECT_TRUE(co_await r.node->whisper().post(message));
        const auto posted = co_await r.node->whisper().post(message);
        EXPECT_TRUE(!posted && posted.error() == Errc::busy) << "more than half of the pool";
    };
    rig.run(std::ref(body));
}

}  // namespace
}  // namespace sotto::node
