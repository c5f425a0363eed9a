// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "whisper/delivery.hpp"

#include <gtest/gtest.h>

#include "whisper/pipe_testing.hpp"

namespace sotto::whisper {
namespace {

Hash hash_of(Byte number) {
    Hash hash{};
    hash.fill(number);
    return hash;
}

crypto::PeerId peer(std::uint32_t number) {
    return testing::identity(number).id;
}

Delivery posted(Byte number, std::uint32_t deadline = 100) {
    Delivery delivery;
    delivery.id = hash_of(number);
    delivery.envelopes = {delivery.id};
    delivery.state = DeliveryState::sealed;
    delivery.posted_at = 50;
    delivery.deadline = deadline;
    return delivery;
}

/// Deliveries, and the states that were told of.
struct Rig {
    explicit Rig(const Deliveries::Limits& limits = {}) : deliveries(limits) {
        subscription = deliveries.changes().subscribe([this](const Delivery& d) { told.push_back(d.state); });
    }
    DeliveryState state(Byte number) const { return deliveries.find(hash_of(number))->state; }
    void expire(std::uint64_t now) {
        deliveries.expire(now, [](const Delivery&) { return "nobody was there"; });
    }

    Deliveries deliveries;
    std::vector<DeliveryState> told;
    Subscription subscription;
};

using State = DeliveryState;

TEST(Deliveries, AMessageGoesFromSealedToHeld) {
    Rig rig;
    rig.deliveries.announce(Delivery{});
    rig.deliveries.add(posted(1));
    rig.deliveries.on_sent(hash_of(1), peer(1), true);
    rig.deliveries.on_sent(hash_of(1), peer(2), true);
    rig.deliveries.on_acknowledged(hash_of(1), peer(1));
    rig.deliveries.on_acknowledged(hash_of(1), peer(1));
    rig.deliveries.on_acknowledged(hash_of(1), peer(2));
    EXPECT_EQ(rig.told,
              (std::vector{State::queued, State::sealed, State::sent, State::sent, State::acknowledged, State::held}));
    EXPECT_EQ(rig.deliveries.find(hash_of(1))->acknowledged_by, (std::vector{peer(1), peer(2)}));
    EXPECT_TRUE(rig.deliveries.waiting().empty());
    EXPECT_EQ(rig.deliveries.counts(), (std::array<std::size_t, kDeliveryStates>{0, 0, 0, 0, 1, 0, 0}));
}

TEST(Deliveries, APeerThatConfirmsNothingTakesItToSentNoFurther) {
    Rig rig({.messages = 1});
    rig.deliveries.add(posted(1));
    rig.deliveries.on_sent(hash_of(1), peer(1), false);
    EXPECT_TRUE(rig.deliveries.full());
    rig.expire(101);
    EXPECT_EQ(rig.state(1), State::sent);
    EXPECT_EQ(rig.deliveries.find(hash_of(1))->reason, "");
    EXPECT_FALSE(rig.deliveries.full()) << "it is not under way any more";
}

TEST(Deliveries, WhatNobodyConfirmsInTimeIsOver) {
    Rig rig;
    rig.deliveries.add(posted(1));
    rig.deliveries.on_sent(hash_of(1), peer(1), false);
    rig.deliveries.on_sent(hash_of(1), peer(2), true);
    rig.expire(100);
    EXPECT_EQ(rig.state(1), State::sent);
    rig.expire(101);
    EXPECT_EQ(rig.state(1), State::expired);
    EXPECT_EQ(rig.deliveries.find(hash_of(1))->reason, "no peer confirmed it in time");
    rig.deliveries.on_acknowledged(hash_of(1), peer(1));
    EXPECT_EQ(rig.state(1), State::expired) << "too late";
}

TEST(Deliveries, ItIsToldWhenTheFirstPeerThatConfirmsHasIt) {
    Rig rig;
    rig.deliveries.add(posted(1));
    rig.deliveries.on_sent(hash_of(1), peer(1), false);
    rig.told.clear();
    rig.deliveries.on_sent(hash_of(1), peer(1), false);
    EXPECT_TRUE(rig.told.empty());
    rig.deliveries.on_sent(hash_of(1), peer(1), true);
    EXPECT_EQ(rig.told, std::vector{State::sent}) << "it came back and confirms";
    EXPECT_TRUE(rig.deliveries.find(hash_of(1))->confirms);
    rig.deliveries.on_sent(hash_of(1), peer(2), false);
    rig.deliveries.on_sent(hash_of(1), peer(1), true);
    EXPECT_EQ(rig.told.size(), 2u);
    EXPECT_TRUE(rig.deliveries.find(hash_of(1))->confirms);
}

TEST(Deliveries, WhatWasAcknowledgedStaysSoWhenItsTimeIsOver) {
    Rig rig;
    rig.deliveries.add(posted(1));
    rig.deliveries.on_acknowledged(hash_of(1), peer(1));
    rig.expire(1'000);
    EXPECT_EQ(rig.state(1), State::acknowledged);
}

TEST(Deliveries, FewerHoldersAreEnoughFromThenOnAndMoreAreAskedForAgain) {
    Rig rig({.held_by = 3});
    for (Byte number = 1; number <= 3; ++number) rig.deliveries.add(posted(number));
    for (Byte number = 1; number <= 2; ++number) rig.deliveries.on_acknowledged(hash_of(number), peer(1));
    rig.deliveries.on_acknowledged(hash_of(2), peer(2));
    rig.told.clear();
    rig.deliveries.set_limits({.held_by = 2});
    EXPECT_EQ(rig.told, std::vector{State::held});
    EXPECT_EQ(rig.state(1), State::acknowledged);
    EXPECT_EQ(rig.state(2), State::held);
    EXPECT_EQ(rig.state(3), State::sealed);
    rig.deliveries.set_limits({.held_by = 3});
    EXPECT_EQ(rig.told, (std::vector{State::held, State::acknowledged}));
    EXPECT_EQ(rig.state(2), State::acknowledged);
}

TEST(Deliveries, FewerAreFollowedFromThenOnButThoseUnderWayToTheirEnd) {
    Rig rig;
    std::vector<Hash> forgotten;
    const auto told = rig.deliveries.forgotten().subscribe([&](const Hash& id) { forgotten.push_back(id); });
    for (Byte number = 1; number <= 4; ++number) rig.deliveries.add(posted(number));
    for (const auto number : {Byte{1}, Byte{3}}) rig.deliveries.on_acknowledged(hash_of(number), peer(1));
    rig.deliveries.set_limits({.messages = 3});
    EXPECT_EQ(forgotten, std::vector{hash_of(1)});
    rig.deliveries.set_limits({.messages = 1});
    EXPECT_EQ(forgotten, (std::vector{hash_of(1), hash_of(3)}));
    EXPECT_EQ(rig.state(2), State::sealed);
    EXPECT_EQ(rig.state(4), State::sealed);
    EXPECT_TRUE(rig.deliveries.full());
}

TEST(Deliveries, WithoutAPeerItExpiresAndSaysSo) {
    Rig rig;
    rig.deliveries.add(posted(1));
    EXPECT_EQ(rig.deliveries.waiting(), std::vector{hash_of(1)});
    rig.expire(101);
    EXPECT_EQ(rig.deliveries.find(hash_of(1))->reason, "nobody was there");
}

TEST(Deliveries, WhoRefusesItDoesNotCountAndTheReasonIsKept) {
    Rig rig;
    rig.deliveries.add(posted(1));
    rig.deliveries.on_sent(hash_of(1), peer(1), true);
    rig.deliveries.on_rejected(hash_of(1), peer(1), "low PoW" + std::string(1'000, 'x'));
    EXPECT_EQ(rig.state(1), State::sealed);
    EXPECT_EQ(rig.deliveries.find(hash_of(1))->reason.size(), Delivery::kMaxReason);
    rig.expire(101);
    EXPECT_TRUE(rig.deliveries.find(hash_of(1))->reason.starts_with("a peer refused it: low PoW"));
}

TEST(Deliveries, SuspectPeersDoNotHoldAnything) {
    Rig rig;
    rig.deliveries.add(posted(1));
    rig.deliveries.on_acknowledged(hash_of(1), peer(1));
    rig.deliveries.on_acknowledged(hash_of(1), peer(2));
    EXPECT_EQ(rig.state(1), State::held);
    rig.deliveries.set_suspect(peer(2), true);
    EXPECT_EQ(rig.state(1), State::acknowledged);
    EXPECT_EQ(rig.deliveries.holders(*rig.deliveries.find(hash_of(1))), 1u);
    rig.deliveries.set_suspect(peer(2), false);
    EXPECT_EQ(rig.state(1), State::held);
}

TEST(Deliveries, EveryEnvelopeThatItWasSealedIntoIsTheMessage) {
    Rig rig;
    rig.deliveries.add(posted(1));
    rig.deliveries.add_envelope(hash_of(1), hash_of(2), 0.2);
    rig.deliveries.on_acknowledged(hash_of(2), peer(1));
    EXPECT_EQ(rig.state(1), State::acknowledged);
    EXPECT_EQ(rig.deliveries.find(hash_of(2))->id, hash_of(1));
    for (Byte i = 3; i < 30; ++i) rig.deliveries.add_envelope(hash_of(1), hash_of(i), 0.2);
    EXPECT_EQ(rig.deliveries.find(hash_of(1))->envelopes.size(), Delivery::kMaxEnvelopes);
}

TEST(Deliveries, AreBoundedAndTheOldestThatEndedAreForgottenFirst) {
    Rig rig({.messages = 3, .held_by = 2});
    for (Byte i = 1; i <= 3; ++i) rig.deliveries.add(posted(i, 100 + i));
    EXPECT_TRUE(rig.deliveries.full());
    rig.expire(103);
    EXPECT_FALSE(rig.deliveries.full());
    rig.deliveries.add(posted(4, 200));
    EXPECT_EQ(rig.deliveries.find(hash_of(1)), nullptr);
    EXPECT_NE(rig.deliveries.find(hash_of(2)), nullptr);
    EXPECT_EQ(rig.deliveries.size(), 3u);
}

TEST(Deliveries, WhatIsAcknowledgedIsNotUnderWayAnyMore) {
    Rig rig({.messages = 3, .held_by = 2});
    for (Byte i = 1; i <= 3; ++i) rig.deliveries.add(posted(i));
    rig.deliveries.on_acknowledged(hash_of(2), peer(1));
    EXPECT_FALSE(rig.deliveries.full());
    rig.deliveries.add(posted(4));
    EXPECT_EQ(rig.deliveries.find(hash_of(2)), nullptr);
    EXPECT_NE(rig.deliveries.find(hash_of(1)), nullptr);
    EXPECT_TRUE(rig.deliveries.full());
}

TEST(Deliveries, AStrangersWordsAreMadeSafe) {
    Rig rig;
    rig.deliveries.add(posted(1));
    rig.deliveries.on_rejected(hash_of(1), peer(1), "\xff\x1b[2Jno");
    EXPECT_EQ(rig.deliveries.find(hash_of(1))->reason, "a peer refused it: \uFFFD\uFFFD[2Jno");
    rig.deliveries.on_rejected(hash_of(1), peer(1), std::string(1'000, '\xff'));
    EXPECT_LE(rig.deliveries.find(hash_of(1))->reason.size(), Delivery::kMaxReason);
    EXPECT_TRUE(rig.deliveries.find(hash_of(1))->reason.ends_with("\uFFFD")) << "no character is cut";
}

TEST(Deliveries, ManyPeersAreNamedUpToABound) {
    Rig rig;
    rig.deliveries.add(posted(1));
    for (std::uint32_t i = 0; i < 100; ++i) rig.deliveries.on_sent(hash_of(1), peer(i), true);
    EXPECT_EQ(rig.deliveries.find(hash_of(1))->sent_to.size(), Delivery::kMaxPeers);
}

TEST(Deliveries, ASubscriberMayPostMeanwhile) {
    Deliveries deliveries({});
    Byte next = 2;
    const auto subscription = deliveries.changes().subscribe([&](const Delivery&) {
        if (next < 50) deliveries.add(posted(next++));
    });
    deliveries.add(posted(1));
    EXPECT_EQ(deliveries.size(), 49u);
}

TEST(Deliveries, ComeBackFromDiskAsTheyWere) {
    auto delivery = posted(1);
    delivery.envelopes.push_back(hash_of(2));
    delivery.sent_to = {peer(1), peer(2)};
    delivery.acknowledged_by = {peer(2)};
    delivery.confirms = true;
    delivery.reason = "a peer refused it: huge";
    delivery.state = State::acknowledged;
    const auto again = decode_delivery(encode_delivery(delivery));
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(again->id, delivery.id);
    EXPECT_EQ(again->state, delivery.state);
    EXPECT_EQ(again->envelopes, delivery.envelopes);
    EXPECT_EQ(again->sent_to, delivery.sent_to);
    EXPECT_EQ(again->acknowledged_by, delivery.acknowledged_by);
    EXPECT_TRUE(again->confirms);
    EXPECT_EQ(again->reason, delivery.reason);
    EXPECT_EQ(again->posted_at, 50u);
    EXPECT_EQ(again->deadline, 100u);
    EXPECT_FALSE(again->direct);
}

TEST(Deliveries, ARecordThatIsDamagedIsRefused) {
    const auto good = encode_delivery(posted(1));
    for (std::size_t i = 0; i < good.size(); ++i) {
        EXPECT_FALSE(decode_delivery(BytesView(good).first(i)).has_value()) << i;
    }
    auto no_state = good;
    no_state[1] = 9;
    EXPECT_FALSE(decode_delivery(no_state).has_value());
}

}  // namespace
}  // namespace sotto::whisper
