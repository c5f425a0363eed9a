// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "node/node.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "base/task_group.hpp"
#include "sim/network.hpp"
#include "sim/world.hpp"

namespace sotto::node {
namespace {

using namespace std::chrono_literals;
using net::Network;

constexpr whisper::Topic kTopic{0xde, 0xad, 0xbe, 0xef};
constexpr std::uint32_t kTtl = 120;
enum class Kind { devp2p, libp2p, bridge };

/// A whole node on the simulated network, with a filter on the common topic.
struct Member {
    bool is_on(Network network) const {
        return kind == Kind::bridge || kind == (network == Network::devp2p ? Kind::devp2p : Kind::libp2p);
    }
    Multiaddr listen_address(Network network) const {
        auto address = Multiaddr::from_ip(ip, network == Network::devp2p ? 30303 : 60000);
        return network == Network::devp2p ? address.with(AddrCode::rlpx) : address;
    }
    Multiaddr address(Network network) const {
        const auto id = crypto::PeerId(identities.devp2p.public_key());
        return listen_address(network).with(AddrCode::p2p, id.bytes());
    }
    bool has_session(Network network) const {
        return std::ranges::any_of(node->host().peers(), [network](const PeerSnapshot& peer) {
            return peer.info.network == network && !peer.sessions.empty();
        });
    }

    Kind kind;
    sim::Ip4 ip;
    Identities identities;
    Config config = {};
    std::unique_ptr<Node> node = {};
    std::string key = {};
    Subscription subscription = {};
    std::map<std::string, std::vector<TimePoint>> heard = {};  ///< when, by payload
    bool ended = false;
};

class Village {
  public:
    explicit Village(std::uint64_t seed) : world(seed), network(world) {
        network.set_link({.latency = 20ms, .jitter = 60ms, .loss = 0.05});
    }

    template <class Body>
    std::uint64_t run(Body body) {
        world.run(live(body));
        return world.trace();
    }
    Member& add(Kind kind) {
        ByteArray<32> secret{1};
        store_be(static_cast<std::uint32_t>(members.size() + 1), BytesSpan(secret).subspan(4, 4));
        const auto secret_key = crypto::PrivateKey::make(crypto::KeyType::secp256k1, secret).value();
        const sim::Ip4 ip{10, 0, static_cast<Byte>(members.size()), 1};
        auto& member = *members.emplace_back(std::make_unique<Member>(kind, ip, Identities{secret_key, secret_key}));
        member.config.default_listen = false;
        for (const auto on : {Network::devp2p, Network::libp2p}) {
            if (member.is_on(on)) member.config.listen.push_back(member.listen_address(on));
        }
        return member;
    }
    /// Makes the member's node as its configuration says; again after a kill.
    Task<void> start(Member& member) {
        Node::Transports transports;
        transports.push_back(network.transport(member.ip));
        member.node = Node::make(world.env(), member.config, member.identities, std::move(transports)).value();
        EXPECT_TRUE(member.node->listen());
        auto& whisper = member.node->whisper();
        member.key = whisper.add_sym_key(ByteArray<32>{7}).value();
        auto subscribed = co_await whisper.subscribe(
            {.sym_key_id = member.key, .topics = {kTopic}}, [this, &member](const whisper::SharedMessage& message) {
                member.heard[std::string(text_of(message->payload))].push_back(world.now());
            });
        member.subscription = std::move(*subscribed);
        member.ended = false;
        group->spawn(serve(member));
    }
    Task<void> kill(Member& member) {
        network.kill(member.ip);
        member.node->stop();
        while (!member.ended) co_await sleep(10ms);
        member.subscription.reset();
        member.node.reset();
    }
    Task<void> post(Member& member, std::string_view text) {
        const auto posted = co_await member.node->whisper().post({.sym_key_id = member.key,
                                                                  .ttl = kTtl,
                                                                  .topic = kTopic,
                                                                  .payload = to_bytes(text),
                                                                  .pow_time = 5,
                                                                  .pow_target = 0.002});
        EXPECT_TRUE(posted) << posted.error().message();
    }
    Task<void> sleep(Duration time) { return sleep_for(world, time); }

    sim::World world;
    sim::Network network;
    std::vector<std::unique_ptr<Member>> members;
    TaskGroup* group = nullptr;

  private:
    template <class Body>
    Task<void> live(Body& body) {
        auto in_group = [this, &body](TaskGroup& tasks) -> Task<bool> {
            group = &tasks;
            co_await body(*this);
            for (const auto& member : members) member->node->stop();
            co_await tasks.wait_all();
            co_return true;
        };
        co_await with_group(world.env(), 256, std::ref(in_group));
        for (const auto& member : members) {
            member->subscription.reset();
            member->node.reset();
        }
    }
    static Task<void> serve(Member& member) {
        co_await member.node->run();
        member.ended = true;
    }
};

/// Each wants three others on each network that it is on; bridges are on both.
void befriend(Village& village) {
    for (const auto& member : village.members) {
        for (const auto on : {Network::devp2p, Network::libp2p}) {
            for (int friends = 0; member->is_on(on) && friends < 3;) {
                const auto& other = village.members[village.world.random().below(village.members.size())];
                if (other == member || !other->is_on(on)) continue;
                member->config.peers.push_back(other->address(on));
                ++friends;
            }
        }
    }
}

std::size_t count_heard(const Village& village, const std::string& text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(village.members, [&](const auto& member) { return member->heard.contains(text); }));
}

void expect_all_heard_once(const Village& village, const std::string& text, TimePoint posted) {
    for (const auto& member : village.members) {
        const auto it = member->heard.find(text);
        if (it == member->heard.end()) {
            ADD_FAILURE() << "node " << unsigned(member->ip[2]) << " never heard: " << text;
            continue;
        }
        EXPECT_EQ(it->second.size(), 1u) << "node " << unsigned(member->ip[2]);
        EXPECT_LE(it->second.front() - posted, std::chrono::seconds(kTtl));
    }
}

Task<void> live_through_it(Village& village) {
    for (int i = 0; i < 50; ++i) village.add(Kind::devp2p);
    for (int i = 0; i < 50; ++i) village.add(Kind::libp2p);
    for (int i = 0; i < 5; ++i) village.add(Kind::bridge);
    befriend(village);
    for (const auto& member : village.members) co_await village.start(*member);
    co_await village.sleep(20s);

    // One message for each side of a partition through both networks, with bridges on both sides.
    std::vector<sim::Ip4> side;
    for (std::size_t i = 0; i < village.members.size(); i += 2) side.push_back(village.members[i]->ip);
    village.network.partition(side);
    const auto posted = village.world.now();
    co_await village.post(*village.members[0], "from devp2p");
    co_await village.post(*village.members[51], "from libp2p");
    co_await village.sleep(25s);
    EXPECT_GT(count_heard(village, "from devp2p"), 1u);
    EXPECT_LE(count_heard(village, "from devp2p"), side.size());
    EXPECT_LE(count_heard(village, "from libp2p"), village.members.size() - side.size());
    co_await village.sleep(5s);
    village.network.heal();
    co_await village.sleep(80s);
    expect_all_heard_once(village, "from devp2p", posted);
    expect_all_heard_once(village, "from libp2p", posted);

    auto& bridge = *village.members.back();
    co_await village.kill(bridge);
    co_await village.sleep(10s);
    co_await village.start(bridge);
    co_await village.sleep(60s);
    EXPECT_TRUE(bridge.has_session(Network::devp2p));
    EXPECT_TRUE(bridge.has_session(Network::libp2p));
}

std::uint64_t trace_of(std::uint64_t seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    return Village(seed).run(live_through_it);
}

TEST(Node, CarriesMessagesToAHundredNodesOfBothNetworksThroughLossAndAPartition) {
    const auto trace = trace_of(1);
    EXPECT_EQ(trace, trace_of(1)) << "the same seed gives the same run";
    EXPECT_NE(trace, trace_of(2));
}

TEST(Node, IsABridgeAgainAfterItWasKilled) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Village(seed).run([](Village& village) -> Task<void> {
            auto& left = village.add(Kind::devp2p);
            auto& bridge = village.add(Kind::bridge);
            auto& right = village.add(Kind::libp2p);
            left.config.peers = {bridge.address(Network::devp2p)};
            right.config.peers = {bridge.address(Network::libp2p)};
            for (const auto& member : village.members) co_await village.start(*member);
            co_await village.sleep(10s);
            auto posted = village.world.now();
            co_await village.post(left, "before");
            co_await village.sleep(5s);
            expect_all_heard_once(village, "before", posted);

            co_await village.kill(bridge);
            posted = village.world.now();
            co_await village.post(left, "meanwhile");
            co_await village.sleep(20s);
            EXPECT_FALSE(right.heard.contains("meanwhile"));
            co_await village.start(bridge);
            co_await village.sleep(60s);
            expect_all_heard_once(village, "meanwhile", posted);
            posted = village.world.now();
            co_await village.post(right, "after");
            co_await village.sleep(5s);
            expect_all_heard_once(village, "after", posted);
        });
    }
}

/// A connection takes the place of one that is suspect, or it is heard again, or dies: whatever it is, it holds again.
TEST(Node, APeerThatCameBackFromSuspicionHoldsMessagesAgain) {
    for (int cut = 22; cut < 44; cut += 3) {
        Village village(1);
        auto body = [cut](Village& v) -> Task<void> {
            auto& a = v.add(Kind::devp2p);
            auto& b = v.add(Kind::devp2p);
            a.config.peers.push_back(b.address(Network::devp2p));
            a.config.limits.held_by = 1;
            co_await v.start(a);
            co_await v.start(b);
            co_await v.sleep(16s);
            v.network.partition({a.ip});
            co_await v.sleep(std::chrono::seconds(cut));
            v.network.heal();
            co_await v.sleep(60s);
            EXPECT_FALSE(a.node->host().peers().at(0).suspect);
            const auto id = co_await a.node->whisper().post({.sym_key_id = a.key,
                                                             .ttl = kTtl,
                                                             .topic = kTopic,
                                                             .payload = to_bytes(view_of("held?")),
                                                             .pow_time = 5,
                                                             .pow_target = 0.002});
            co_await v.sleep(5s);
            EXPECT_EQ(a.node->whisper().deliveries().find(*id)->state, whisper::DeliveryState::held) << cut;
        };
        village.run(std::ref(body));
    }
}

/// Peers whose session began before `start`.
std::size_t sessions_since(const Village& village, TimePoint start) {
    std::size_t count = 0;
    for (const auto& member : village.members) {
        for (const auto& peer : member->node->host().peers()) {
            if (!peer.sessions.empty() && peer.age > village.world.now() - start) ++count;
        }
    }
    return count;
}

constexpr std::size_t kEnvelope = 10'000;  ///< bytes of data

/// Puts an envelope into the pool of the member's node.
void put(Village& village, Member& member) {
    const auto expiry = static_cast<std::uint32_t>(village.world.wall().seconds()) + kTtl;
    const auto body = whisper::encode_body(expiry, kTtl, kTopic, village.world.random().bytes(kEnvelope));
    EXPECT_TRUE(member.node->whisper().post_envelope(whisper::encode_envelope(body, 0)));
}

/// Two rings of five bridges, and two links between them, one on each network.
Task<void> live_through_a_cut_with_a_backlog(Village& village) {
    constexpr std::size_t kBacklog = 320;
    static_assert(kBacklog * kEnvelope >= 3 * whisper::kMaxEnvelopeSize);
    constexpr std::size_t kHalf = 5;
    village.network.set_link({.latency = 20ms});
    auto& members = village.members;
    for (std::size_t i = 0; i < 2 * kHalf; ++i) village.add(Kind::bridge).config.min_pow = 0;
    const auto befriend = [&](std::size_t a, std::size_t b) {
        members[a]->config.peers.push_back(members[b]->address(a % 2 == 0 ? Network::devp2p : Network::libp2p));
    };
    for (std::size_t i = 0; i < kHalf; ++i) {
        befriend(i, (i + 1) % kHalf);
        befriend(kHalf + i, kHalf + (i + 1) % kHalf);
    }
    befriend(2, 7);
    befriend(3, 8);
    for (const auto& member : members) co_await village.start(*member);
    co_await village.sleep(10s);
    // So that every connection was heard lately: a silent one would be dialled anew.
    put(village, *members[0]);
    co_await village.sleep(1s);
    const auto cut = village.world.now();
    const auto sessions = sessions_since(village, cut);
    EXPECT_EQ(sessions, 2 * (2 * kHalf + 2)) << "both ends of each link";

    village.network.partition({members[0]->ip, members[1]->ip, members[2]->ip, members[3]->ip, members[4]->ip});
    for (std::size_t i = 0; i < kBacklog; ++i) {
        put(village, *members[0]);
        put(village, *members[kHalf]);
        co_await village.sleep(30ms);
    }
    co_await village.sleep(1s);
    for (const auto& member : members) EXPECT_EQ(member->node->whisper().info().messages, 1 + kBacklog);
    village.network.heal();
    co_await village.sleep(10s);
    for (const auto& member : members) EXPECT_EQ(member->node->whisper().info().messages, 1 + 2 * kBacklog);
    EXPECT_EQ(sessions_since(village, cut), sessions) << "none ended";
}

TEST(Node, ConnectionsLiveThroughACutWithThreeMegabytesOnEachSideAndCarryAllWithinTenSeconds) {
    Village(1).run(live_through_a_cut_with_a_backlog);
}

}  // namespace
}  // namespace sotto::node
