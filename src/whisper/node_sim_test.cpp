// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "whisper/node.hpp"

#include "whisper/clock_check.hpp"
#include "whisper/golden_testing.hpp"
#include "whisper/node_testing.hpp"
#include "whisper/verify.hpp"

namespace sotto::whisper {
namespace {

using namespace std::chrono_literals;
using testing::Rig;

constexpr Topic kTopic{1, 2, 3, 4};

/// Runs the test's body in a world of its own.
void run(Task<void> (*body)(Rig&), std::uint64_t seed = 1) {
    Rig rig(seed);
    rig.run(body);
}
NewMessage hello(const std::string& key) {
    return {.sym_key_id = key, .topic = kTopic, .payload = to_bytes("hello"), .pow_time = 2, .pow_target = 0.002};
}

TEST(Node, PostsASignedSymmetricMessageToANeighbour) {
    run([](Rig& rig) -> Task<void> {
        auto& alice = rig.node({});
        auto& bob = rig.node({});
        rig.join(alice, 1, bob, 2);
        co_await rig.pass(10ms);
        const auto at_alice = (co_await alice.generate_sym_key_from_password("lobby")).value();
        const auto at_bob = (co_await bob.generate_sym_key_from_password("lobby")).value();
        EXPECT_EQ(alice.get_sym_key(at_alice).value(), bob.get_sym_key(at_bob).value());
        const auto filter = (co_await bob.new_filter({.sym_key_id = at_bob, .topics = {kTopic}})).value();
        auto message = hello(at_alice);
        message.sig = (co_await alice.new_key_pair()).value();
        const auto hash = co_await alice.post(message);
        EXPECT_TRUE(hash.has_value());
        co_await rig.pass(100ms);
        const auto messages = bob.get_filter_messages(filter).value();
        if (messages.size() != 1) {
            ADD_FAILURE() << messages.size();
            co_return;
        }
        const auto& got = *messages[0];
        EXPECT_EQ(text_of(got.payload), "hello");
        EXPECT_EQ(got.hash, *hash);
        EXPECT_EQ(got.topic, kTopic);
        EXPECT_EQ(got.ttl, 50u);
        EXPECT_GE(got.pow, 0.002);
        EXPECT_EQ(to_bytes(crypto::secp256k1::uncompressed(*got.source)),
                  (co_await alice.get_public_key(message.sig)).value());
        EXPECT_EQ(bob.info().messages, 1u);
        EXPECT_EQ(bob.info().peers, 1u);
    });
}

TEST(Node, PostsAnAsymmetricMessageThatOnlyItsReceiverReads) {
    run([](Rig& rig) -> Task<void> {
        auto& alice = rig.node({});
        auto& bob = rig.node({});
        rig.join(alice, 1, bob, 2);
        co_await rig.pass(10ms);
        const auto pair = (co_await bob.new_key_pair()).value();
        const auto other = (co_await bob.new_key_pair()).value();
        const auto public_key = (co_await bob.get_public_key(pair)).value();
        std::vector<SharedMessage> seen;
        auto subscription = (co_await bob.subscribe({.private_key_id = pair}, [&](const SharedMessage& m) {
                                seen.push_back(m);
                            })).value();
        const auto deaf = (co_await bob.new_filter({.private_key_id = other})).value();
        const NewMessage message{
            .public_key = public_key, .payload = to_bytes("secret"), .pow_time = 2, .pow_target = 0.002};
        EXPECT_TRUE((co_await alice.post(message)).has_value());
        co_await rig.pass(100ms);
        if (seen.size() != 1) {
            ADD_FAILURE() << seen.size();
            co_return;
        }
        EXPECT_EQ(text_of(seen[0]->payload), "secret");
        EXPECT_EQ(to_bytes(crypto::secp256k1::uncompressed(*seen[0]->recipient)), public_key);
        EXPECT_FALSE(seen[0]->source.has_value());
        EXPECT_TRUE(bob.get_filter_messages(deaf)->empty());
        subscription.reset();
        EXPECT_TRUE((co_await alice.post(message)).has_value());
        co_await rig.pass(100ms);
        EXPECT_EQ(seen.size(), 1u);
    });
}

TEST(Node, ItsOwnFiltersSeeWhatItPosts) {
    run([](Rig& rig) -> Task<void> {
        auto& node = rig.node({});
        const auto key = node.new_sym_key().value();
        const auto filter = (co_await node.new_filter({.sym_key_id = key, .topics = {kTopic}})).value();
        EXPECT_TRUE((co_await node.post(hello(key))).has_value());
        EXPECT_EQ(node.get_filter_messages(filter)->size(), 1u);
        EXPECT_TRUE(node.delete_filter(filter).has_value());
        EXPECT_EQ(node.delete_filter(filter).error().detail(), "Unsubscribe: Invalid ID");
        EXPECT_EQ(node.get_filter_messages(filter).error().detail(), "filter not found");
    });
}

TEST(Node, RefusesInGethsWords) {
    run([](Rig& rig) -> Task<void> {
        auto& node = rig.node({});
        const auto key = node.new_sym_key().value();
        const auto expect = [](const auto& result, std::string_view text) {
            EXPECT_FALSE(result.has_value()) << text;
            if (!result.has_value()) EXPECT_EQ(result.error().detail(), text);
        };
        auto both = hello(key);
        both.public_key = Bytes(65, 4);
        expect(co_await node.post(both), "specify either a symmetric or an asymmetric key");
        expect(co_await node.post({}), "specify either a symmetric or an asymmetric key");
        auto topicless = hello(key);
        topicless.topic = {};
        expect(co_await node.post(topicless), "missing topic(s)");
        expect(co_await node.post(hello(std::string(64, '0'))), "non-existent key ID");
        auto unknown_signer = hello(key);
        unknown_signer.sig = std::string(64, '0');
        expect(co_await node.post(unknown_signer), "invalid id");
        expect(co_await node.post({.public_key = Bytes(65, 4), .pow_target = 1}), "invalid public key");
        auto cheap = hello(key);
        cheap.pow_target = 0.001;
        expect(co_await node.post(cheap), "message rejected, PoW too low");
        auto hopeless = hello(key);
        hopeless.pow_time = 0;  // one slice: virtual seconds would be many real ones
        hopeless.pow_target = 1e60;
        expect(co_await node.post(hopeless),
               "failed to reach the PoW target, specified pow time (0 seconds) was insufficient");
        auto large = hello(key);
        large.payload.resize(2'000'000);
        expect(co_await node.post(large), "huge messages are not allowed");
        auto long_lived = hello(key);
        long_lived.ttl = kMaxTtl + 1;
        EXPECT_FALSE((co_await node.post(long_lived)).has_value());
        auto nan = hello(key);
        nan.pow_target = std::numeric_limits<double>::quiet_NaN();
        EXPECT_FALSE((co_await node.post(nan)).has_value());

        expect(co_await node.new_filter({}), "specify either a symmetric or an asymmetric key");
        expect(co_await node.new_filter({.sym_key_id = "nonsense"}), "non-existent key ID");
        expect(co_await node.new_filter({.private_key_id = "nonsense"}), "invalid id");
        expect(co_await node.new_filter({.sym_key_id = key, .sig = Bytes(65)}), "invalid signing public key");
        expect(co_await node.subscribe({.sym_key_id = key}, {}), "missing topic(s)");
        expect(co_await node.subscribe({.private_key_id = "nonsense"}, {}), "invalid public key");
        expect(co_await node.delete_key_pair("nonsense"), "key pair nonsense not found");
        expect(co_await node.get_public_key("nonsense"), "invalid id");
        expect(co_await node.add_private_key(Bytes(31, 1)), "invalid length, need 256 bits");
        EXPECT_FALSE((co_await node.add_private_key(Bytes(32, 0xff))).has_value());
        expect(node.get_sym_key("nonsense"), "non-existent key ID");
        expect(node.add_sym_key(Bytes(31, 1)), "wrong key size: 31");
        expect(node.add_sym_key(Bytes(32)), "invalid symmetric key");
        expect(node.set_min_pow(-1), "invalid PoW: -1.000000");
        EXPECT_FALSE(node.set_min_pow(std::numeric_limits<double>::infinity()).has_value());
        expect(node.set_bloom(Bytes(63)), "invalid bloom filter size: 63");
        expect(node.set_max_message_size(10'485'761), "message size too large [10485761>10485760]");
        EXPECT_TRUE(node.set_max_message_size(10'485'760).has_value());
        EXPECT_EQ(node.info().max_message_size, kMaxEnvelopeSize) << "what is in force";
        EXPECT_EQ(node.info().messages, 0u);
    });
}

TEST(Node, KeepsKeysByIdAndAHexPublicKeyIsAnId) {
    run([](Rig& rig) -> Task<void> {
        auto& node = rig.node({});
        const auto secret = testing::hex("b71c71a67e1177ad4e901695e1b4b9ee17ae16c6668d313eac2f96dbcda3f291");
        const auto id = (co_await node.add_private_key(secret)).value();
        EXPECT_EQ(id, "fb12d282cb1fa4e353e953b7fe774ac4106524be39e8d2f602eacfb7f4c7adcb");
        EXPECT_EQ((co_await node.get_private_key(id)).value(), secret);
        const auto text = to_hex_prefixed((co_await node.get_public_key(id)).value());
        EXPECT_TRUE(co_await node.has_key_pair(text));
        EXPECT_TRUE((co_await node.delete_key_pair(text)).value());
        EXPECT_FALSE(co_await node.has_key_pair(id));
        const auto key = node.add_sym_key(Bytes(32, 5)).value();
        EXPECT_TRUE(node.has_sym_key(key));
        EXPECT_TRUE(node.delete_sym_key(key));
        EXPECT_FALSE(node.has_sym_key(key));
        EXPECT_FALSE(node.delete_sym_key(key));
    });
}

TEST(Node, APairThatIsNotForExportIsUsedAndNeitherReadNorTakenAway) {
    run([](Rig& rig) -> Task<void> {
        auto& node = rig.node({});
        const auto secret = testing::hex("b71c71a67e1177ad4e901695e1b4b9ee17ae16c6668d313eac2f96dbcda3f291");
        const auto id = (co_await node.add_private_key(secret, Export::forbidden)).value();
        const auto text = to_hex_prefixed((co_await node.get_public_key(id)).value());
        for (const auto& name : {id, text}) {
            const auto refused = co_await node.get_private_key(name);
            EXPECT_TRUE(!refused && refused.error().detail().contains("sotto key export"));
        }
        EXPECT_EQ((co_await node.get_private_key("no such pair")).error().detail(), "invalid id");
        const auto other = (co_await node.new_key_pair()).value();
        EXPECT_EQ((co_await node.get_private_key(other)).value().size(), 32u);
        const auto theirs = crypto::secp256k1::parse_point((co_await node.get_public_key(other)).value()).value();
        const auto ours = crypto::secp256k1::public_key(first_bytes<32>(secret));
        const auto here = (co_await node.shared_secret(id, theirs)).value();
        EXPECT_EQ(here, (co_await node.shared_secret(other, ours)).value());
        EXPECT_TRUE((co_await node.new_filter({.private_key_id = id})).has_value());
        EXPECT_TRUE((co_await node.delete_key_pair(other)).has_value());
        EXPECT_EQ((co_await node.delete_key_pair(id)).error(), Errc::unsupported);
        EXPECT_TRUE((co_await node.delete_key_pair(id, Export::forbidden)).has_value());
        EXPECT_EQ((co_await node.delete_key_pair(id)).error(), Errc::not_found);
    });
}

TEST(Node, EnvelopesExpireAndAreForgotten) {
    run([](Rig& rig) -> Task<void> {
        auto& node = rig.node({});
        std::vector<Hash> expired;
        const auto subscription = node.events().subscribe([&](const EnvelopeEvent& event) {
            if (event.kind == EnvelopeEvent::Kind::expired) expired.push_back(event.hash);
        });
        const auto hash = node.post_envelope(rig.sealed({.ttl = 5})).value();
        EXPECT_TRUE(node.post_envelope(rig.sealed({.ttl = 500})).has_value());
        co_await rig.pass(5s);
        EXPECT_EQ(node.info().messages, 2u);
        co_await rig.pass(2s);
        EXPECT_EQ(node.info().messages, 1u);
        EXPECT_EQ(expired, std::vector{hash});
        co_await rig.pass(500s);
        EXPECT_EQ(node.info().memory, 0u);
    });
}

TEST(Node, SendsADirectMessagePastPoolAndWorkToItsTarget) {
    run([](Rig& rig) -> Task<void> {
        auto& alice = rig.node({});
        auto& bob = rig.node({});
        rig.join(alice, 1, bob, 2);
        co_await rig.pass(10ms);
        const auto at_alice = alice.add_sym_key(Bytes(32, 9)).value();
        const auto at_bob = bob.add_sym_key(Bytes(32, 9)).value();
        const auto filter = (co_await bob.new_filter({.sym_key_id = at_bob, .allow_p2p = true})).value();
        auto message = hello(at_alice);
        message.pow_target = 0;
        message.target_peer = testing::identity(2).id;
        EXPECT_TRUE((co_await alice.post(message)).has_value());
        co_await rig.pass(100ms);
        EXPECT_TRUE(bob.get_filter_messages(filter)->empty());
        EXPECT_TRUE(bob.mark_trusted(testing::identity(1).id).has_value());
        EXPECT_TRUE((co_await alice.post(message)).has_value());
        co_await rig.pass(1ms);
        EXPECT_EQ(bob.get_filter_messages(filter)->size(), 1u);
        EXPECT_EQ(alice.info().messages, 0u);
        message.target_peer = testing::identity(3).id;
        const auto refused = co_await alice.post(message);
        EXPECT_TRUE(!refused && refused.error().detail().starts_with("could not find peer with ID: "));
    });
}

TEST(Node, ALightClientSendsItsOwnPostsAndRelaysNothing) {
    run([](Rig& rig) -> Task<void> {
        auto& left = rig.node({});
        auto& light = rig.node({.light_client = true});
        auto& right = rig.node({});
        rig.join(left, 1, light, 2);
        rig.join(light, 2, right, 3);
        co_await rig.pass(10ms);
        EXPECT_TRUE(left.post_envelope(rig.sealed({})).has_value());
        EXPECT_TRUE(light.post_envelope(rig.sealed({})).has_value());
        co_await rig.pass(1s);
        EXPECT_EQ(light.info().messages, 2u);
        EXPECT_EQ(right.info().messages, 1u);
        light.set_light_client(false);
        EXPECT_FALSE(light.light_client());
        co_await rig.pass(2s);
        EXPECT_EQ(right.info().messages, 2u);
    });
}

TEST(Node, AFilterWidensTheBloomWhereThereIsOne) {
    run([](Rig& rig) -> Task<void> {
        auto& node = rig.node({});
        const auto key = node.new_sym_key().value();
        (void)co_await node.new_filter({.sym_key_id = key, .topics = {kTopic}});
        EXPECT_TRUE(node.bloom().is_full());
        EXPECT_TRUE(node.set_bloom(Bytes(64)).has_value());
        (void)co_await node.new_filter({.sym_key_id = key, .topics = {kTopic}});
        Bloom expected;
        expected.add(kTopic);
        EXPECT_EQ(node.bloom(), expected);
    });
}

TEST(Node, ASubscriptionMayOutliveItAndWorkersMayFinishLate) {
    run([](Rig& rig) -> Task<void> {
        Subscription subscription;
        int called = 0;
        {
            Whisper node(rig.env(), {});
            const auto pair = (co_await node.new_key_pair()).value();
            subscription =
                (co_await node.subscribe({.private_key_id = pair}, [&](const SharedMessage&) { ++called; })).value();
            const NewMessage message{
                .public_key = (co_await node.get_public_key(pair)).value(), .pow_time = 2, .pow_target = 0.002};
            EXPECT_TRUE((co_await node.post(message)).has_value());
        }
        co_await rig.pass(1s);
        subscription.reset();
        EXPECT_EQ(called, 0);
    });
}

TEST(Node, TheBestOfThePowTimeCountsIntoTheExpiry) {
    run([](Rig& rig) -> Task<void> {
        auto& node = rig.node({.min_pow = 0});
        const auto key = node.new_sym_key().value();
        std::vector<SharedEnvelope> accepted;
        const auto subscription =
            node.events().subscribe([&](const EnvelopeEvent& event) { accepted.push_back(*event.envelope); });
        auto message = hello(key);
        message.pow_target = 0;
        EXPECT_TRUE((co_await node.post(message)).has_value());
        EXPECT_EQ(accepted.at(0)->view().nonce, 0u);
        EXPECT_EQ(accepted.at(0)->view().expiry, rig.world.wall().seconds() + 50);
    });
}

// ---- many nodes ----

/// Nodes in a ring with chords, so that every envelope comes to each by several ways.
struct Mesh {
    Mesh(Rig& rig, std::size_t size, Config config = {}) {
        for (std::size_t i = 0; i < size; ++i) {
            nodes.push_back(&rig.node(config));
            subscriptions.push_back(nodes[i]->events().subscribe([this, i](const EnvelopeEvent& event) {
                if (event.kind == EnvelopeEvent::Kind::accepted) ++arrivals[event.hash][i];
            }));
        }
    }
    void join(Rig& rig, std::size_t a, std::size_t b, const testing::PipeOptions& options = {}) {
        ends.push_back(
            rig.join(*nodes[a], static_cast<std::uint32_t>(a), *nodes[b], static_cast<std::uint32_t>(b), options));
    }
    std::vector<Whisper*> nodes;
    std::map<Hash, std::map<std::size_t, int>> arrivals;
    std::vector<std::pair<testing::PipeEnd*, testing::PipeEnd*>> ends;
    std::vector<Subscription> subscriptions;
};

TEST(Mesh, EveryEnvelopeReachesEveryNodeOnceAndCrossesALinkAtMostTwice) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        Rig rig(seed);
        auto body = [](Rig& r) -> Task<void> {
            constexpr std::size_t kNodes = 30;
            Mesh mesh(r, kNodes);
            for (std::size_t i = 0; i < kNodes; ++i) {
                const auto latency = std::chrono::milliseconds(r.env().random->below(80));
                mesh.join(r, i, (i + 1) % kNodes, {.latency = latency});
                mesh.join(r, i, (i + 7) % kNodes, {.latency = latency});
            }
            co_await r.pass(1s);
            for (std::size_t i = 0; i < 60; ++i) {
                EXPECT_TRUE(mesh.nodes[i % kNodes]->post_envelope(r.sealed({})).has_value());
                co_await r.pass(std::chrono::milliseconds(r.env().random->below(50)));
            }
            co_await r.pass(3s);
            EXPECT_EQ(mesh.arrivals.size(), 60u);
            for (const auto& [hash, at] : mesh.arrivals) {
                EXPECT_EQ(at.size(), kNodes);
                for (const auto& [node, times] : at) EXPECT_EQ(times, 1);
            }
            std::uint64_t copies = 0;
            for (const auto& node : mesh.nodes) copies += node->counters().sent;
            EXPECT_LE(copies, 60u * 2 * mesh.ends.size());
        };
        rig.run(body);
    }
}

/// Two rings of five, where each has more than three times the largest message that the other lacks. Between them a
/// link is made when that is over, or one was there before and all the while.
Task<void> heal_a_partition(Rig& r, bool link_was_there) {
    constexpr std::size_t kBacklog = 330;
    Mesh mesh(r, 10);
    for (const std::size_t half : {0u, 5u}) {
        for (std::size_t i = 0; i < 5; ++i) mesh.join(r, half + i, half + (i + 1) % 5, {.latency = 20ms});
    }
    if (link_was_there) mesh.join(r, 2, 8, {.latency = 20ms});
    auto* link = mesh.ends.back().first;
    co_await r.pass(1s);
    if (link_was_there) link->hold();
    for (std::size_t i = 0; i < kBacklog; ++i) {
        EXPECT_TRUE(mesh.nodes[0]->post_envelope(r.sealed({.ttl = 300, .size = 10'000})).has_value());
        EXPECT_TRUE(mesh.nodes[7]->post_envelope(r.sealed({.ttl = 300, .size = 10'000})).has_value());
        co_await r.pass(50ms);
    }
    co_await r.pass(1s);
    for (const auto* node : {mesh.nodes[2], mesh.nodes[8]}) {
        const auto info = node->info();
        EXPECT_EQ(info.messages, kBacklog);
        EXPECT_GE(info.memory - info.messages * Pool::kEntryOverhead, 3 * kMaxEnvelopeSize);
    }
    for (const auto& [hash, at] : mesh.arrivals) EXPECT_EQ(at.size(), 5u);
    if (link_was_there) {
        link->release();
    } else {
        mesh.join(r, 2, 8, {.latency = 20ms});
    }
    co_await r.pass(10s);
    EXPECT_EQ(mesh.arrivals.size(), 2 * kBacklog);
    for (const auto& [hash, at] : mesh.arrivals) {
        EXPECT_EQ(at.size(), 10u);
        for (const auto& [node, times] : at) EXPECT_EQ(times, 1);
    }
    for (const auto& [a, b] : mesh.ends) {
        EXPECT_LE(std::max(a->stats.largest, b->stats.largest), 512u * 1024 + 8);
    }
    EXPECT_EQ(r.ended_runs(), 0u);
}

TEST(Mesh, APartitionWithThreeMegabytesOnEachSideHealsWithinTenSeconds) {
    for (const bool link_was_there : {false, true}) {
        SCOPED_TRACE(link_was_there ? "by the link that was cut" : "by a new link");
        Rig rig(1);
        auto body = [link_was_there](Rig& r) { return heal_a_partition(r, link_was_there); };
        rig.run(std::ref(body));
    }
}

TEST(Mesh, ClocksThatDifferCostEnvelopesButNoConnection) {
    for (const auto skew : {-3600, -31, -11, -9, 9, 11, 3600}) {
        Rig rig(1);
        auto body = [skew](Rig& r) -> Task<void> {
            auto& right = r.node({});
            auto& wrong = r.node_with_skew(std::chrono::seconds(skew));
            r.join(right, 1, wrong, 2);
            co_await r.pass(1s);
            EXPECT_TRUE(right.post_envelope(r.sealed({.ttl = 20})).has_value());
            co_await r.pass(1s);
            // Behind by 10 s the sender still counts as in time; ahead by more than the ttl all has expired.
            EXPECT_EQ(wrong.info().messages, skew >= -10 && skew < 20 ? 1u : 0u) << skew;
            co_await r.pass(60s);
            EXPECT_EQ(wrong.info().peers, 1u) << skew;
        };
        rig.run(std::ref(body));
    }
}

TEST(Mesh, AClockThatTwoPeersSayIsOffIsNoticedAndOneThatIsRightIsNot) {
    for (const auto skew : {-8, -4, 0, 4, 8}) {
        Rig rig(1);
        auto body = [skew](Rig& r) -> Task<void> {
            auto& a = r.node({});
            auto& b = r.node({});
            auto& judged = r.node_with_skew(std::chrono::seconds(skew));
            r.join(a, 1, judged, 3);
            r.join(b, 2, judged, 4);
            for (int i = 0; i < 130; ++i) {
                EXPECT_TRUE(a.post_envelope(r.sealed({.size = 64})).has_value());
                EXPECT_TRUE(b.post_envelope(r.sealed({.size = 64})).has_value());
                co_await r.pass(1s);
            }
            const auto offset = judged.info().clock_offset;
            EXPECT_EQ(offset.has_value(), std::abs(skew) > kClockTolerance) << skew;
            if (offset) {
                EXPECT_LE(std::abs(*offset - skew), 1);
            }
            EXPECT_EQ(a.info().clock_offset, std::nullopt) << "one peer alone is not believed";
        };
        rig.run(std::ref(body));
    }
}

TEST(Mesh, TheSameSeedGivesTheSameRun) {
    const auto trace = [](std::uint64_t seed) {
        Rig rig(seed);
        rig.run([](Rig& r) -> Task<void> {
            Mesh mesh(r, 6);
            for (std::size_t i = 0; i < 6; ++i) mesh.join(r, i, (i + 1) % 6, {.latency = 30ms});
            for (std::size_t i = 0; i < 20; ++i) {
                EXPECT_TRUE(mesh.nodes[i % 6]->post_envelope(r.sealed({})).has_value());
                co_await r.pass(std::chrono::milliseconds(r.env().random->below(50)));
            }
            for (const auto& [hash, at] : mesh.arrivals) r.world.note(load_be<std::uint64_t>(hash) + at.size());
        });
        return rig.world.trace();
    };
    EXPECT_EQ(trace(1), trace(1));
    EXPECT_NE(trace(1), trace(2));
}

TEST(Mesh, AFloodCannotPushOutWhatWasPaidFor) {
    run([](Rig& rig) -> Task<void> {
        const Config small{.min_pow = 0, .limits = {.pool = {.bytes = 1 << 20, .envelopes = 500}}};
        auto& node = rig.node(small);
        auto& flooder = rig.node({.min_pow = 0});
        const auto paid = rig.sealed({.ttl = 1'000, .pow = 0.02});
        EXPECT_TRUE(node.post_envelope(paid).has_value());
        rig.join(node, 1, flooder, 2);
        for (int i = 0; i < 3'000; ++i) (void)flooder.post_envelope(rig.sealed({.ttl = 1'000, .pow = 0}));
        co_await rig.pass(60s);
        EXPECT_LE(node.info().messages, 500u);
        EXPECT_LE(node.info().memory, 1u << 20);
        EXPECT_GT(node.counters().pool_full, 1'000u);
        EXPECT_TRUE(node.post_envelope(paid).has_value());
        EXPECT_EQ(node.counters().duplicates, 1u);
        const auto evicted = node.counters().evicted;
        EXPECT_TRUE(node.post_envelope(rig.sealed({.ttl = 1'000, .size = 300, .pow = 0.02})).has_value());
        EXPECT_EQ(node.counters().evicted, evicted + 1) << "it took the place of a cheaper one";
    });
}

}  // namespace
}  // namespace sotto::whisper
