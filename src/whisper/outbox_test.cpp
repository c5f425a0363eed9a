// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "whisper/outbox.hpp"

#include "whisper/golden_testing.hpp"
#include "whisper/verify.hpp"

namespace sotto::whisper {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kWall = 1'700'000'000;

TimePoint at(Duration since_start) {
    return {since_start};
}

/// A pool and one peer's outbox, with what came out of it.
struct Rig {
    Pool pool{{}, 1};
    std::uint64_t next = 0;

    SharedEnvelope add(Outbox* outbox, Duration now, std::size_t size = 100, Slot from = kNoSlot, double pow = 1) {
        const Bytes data(size, 0x44);
        const auto envelope = *make_envelope(encode_envelope(encode_body(kWall + 50, 50, {1, 2, 3, 4}, data), next++));
        EXPECT_EQ(pool.add(envelope, {pow, pow}, from), Pool::Added::added);
        if (outbox) woken = outbox->on_added(*pool.find(envelope->hash()), kWall, at(now));
        return envelope;
    }
    bool woken = false;
};

TEST(Outbox, ALoneEnvelopeLeavesAfter20Milliseconds) {
    Rig rig;
    Outbox outbox(rig.pool, {}, at(0s));
    EXPECT_FALSE(outbox.next_due().has_value());
    const auto envelope = rig.add(&outbox, 1s);
    EXPECT_TRUE(rig.woken);
    EXPECT_EQ(outbox.next_due(), at(1s + 20ms));
    EXPECT_FALSE(outbox.take(kWall, at(1s + 19ms)).has_value());
    rig.add(&outbox, 1s + 10ms);
    EXPECT_FALSE(rig.woken);
    const auto batch = outbox.take(kWall, at(1s + 20ms));
    ASSERT_TRUE(batch.has_value());
    ASSERT_EQ(batch->envelopes.size(), 2u);
    EXPECT_EQ(batch->envelopes[0], envelope);
    EXPECT_FALSE(outbox.next_due().has_value());
    EXPECT_FALSE(outbox.take(kWall, at(1h)).has_value());
}

TEST(Outbox, FlushesAt64KiBWithoutWaiting) {
    Rig rig;
    Outbox outbox(rig.pool, {}, at(0s));
    rig.add(&outbox, 0s, 40'000);
    rig.add(&outbox, 1ms, 40'000);
    EXPECT_TRUE(rig.woken);
    EXPECT_EQ(outbox.next_due(), at(1ms));
    EXPECT_EQ(outbox.take(kWall, at(1ms))->envelopes.size(), 2u);
}

TEST(Outbox, BatchesStayBelow512KiBAndALargerEnvelopeTravelsAlone) {
    Rig rig;
    rig.add(nullptr, 0s, 100'000);
    rig.add(nullptr, 0s, 900'000);
    for (int i = 0; i < 10; ++i) rig.add(nullptr, 0s, 100'000);
    Outbox outbox(rig.pool, {}, at(0s));
    std::vector<std::size_t> sizes;
    for (auto now = 0s; const auto batch = outbox.take(kWall, at(now)); ++now) {
        EXPECT_TRUE(batch->bytes <= Outbox::kBatchBytes || batch->envelopes.size() == 1);
        sizes.push_back(batch->envelopes.size());
    }
    EXPECT_EQ(sizes, (std::vector<std::size_t>{1, 1, 5, 5}));
}

/// What comes out of an outbox that cannot keep up, batch by batch.
std::vector<std::vector<SharedEnvelope>> take_all(Outbox& outbox) {
    std::vector<std::vector<SharedEnvelope>> batches;
    while (auto batch = outbox.take(kWall, at(1s))) {
        EXPECT_TRUE(batch->bytes <= Outbox::kBehindBytes || batch->envelopes.size() == 1);
        if (!batch->envelopes.empty()) batches.push_back(std::move(batch->envelopes));
    }
    return batches;
}

bool contains(const std::vector<SharedEnvelope>& all, const SharedEnvelope& one) {
    return std::ranges::find(all, one) != all.end();
}

std::size_t count_of(const std::vector<SharedEnvelope>& all, const std::vector<SharedEnvelope>& wanted) {
    return static_cast<std::size_t>(std::ranges::count_if(all, [&](const auto& one) { return contains(wanted, one); }));
}

TEST(Outbox, WhoSendsLittleIsNotBehindWhoFloods) {
    for (const std::size_t size : {8'000u, 900'000u}) {
        Rig rig;
        Outbox outbox(rig.pool, {}, at(0s));
        std::vector<SharedEnvelope> flood, little;
        const Slot flooding[] = {rig.pool.open_slot("203.0.113.1"), rig.pool.open_slot("203.0.113.2")};
        for (int i = 0; i < 100; ++i) flood.push_back(rig.add(&outbox, 0s, size, flooding[i % 2]));
        const auto other = rig.pool.open_slot("192.0.2.1");
        for (int i = 0; i < 5; ++i) little.push_back(rig.add(&outbox, 0s, 300, other));
        little.push_back(rig.add(&outbox, 0s, 300));
        const auto batches = take_all(outbox);
        EXPECT_EQ(count_of(batches.front(), little), 6u) << "also what is posted here";
        std::vector<SharedEnvelope> came;
        for (const auto& batch : batches) came.insert(came.end(), batch.begin(), batch.end());
        EXPECT_EQ(came.size(), 106u) << "each once";
        EXPECT_EQ(count_of(came, flood), 100u);
        std::erase_if(came, [&](const auto& one) { return !contains(little, one); });
        EXPECT_TRUE(std::equal(came.begin() + 1, came.end(), little.begin())) << "in order, behind what is ours";
        EXPECT_FALSE(outbox.next_due().has_value());
    }
}

TEST(Outbox, PeersOfOneAddressTakeOneTurnTogether) {
    Rig rig;
    Outbox outbox(rig.pool, {}, at(0s));
    std::vector<Slot> many;
    for (int i = 0; i < 20; ++i) many.push_back(rig.pool.open_slot("203.0.113.1"));
    const auto lone = rig.pool.open_slot("192.0.2.1");
    std::vector<SharedEnvelope> theirs;
    for (int i = 0; i < 400; ++i) {
        for (const auto slot : many) rig.add(&outbox, 0s, 300, slot);
        theirs.push_back(rig.add(&outbox, 0s, 300, lone));
    }
    const auto batch = *outbox.take(kWall, at(1s));
    const auto count = count_of(batch.envelopes, theirs);
    EXPECT_NEAR(static_cast<double>(count) / static_cast<double>(batch.envelopes.size()), 0.5, 0.05);
}

TEST(Outbox, WhatAPeerLeftBehindHasItsTurnToo) {
    Rig rig;
    Outbox outbox(rig.pool, {}, at(0s));
    const auto flooding = rig.pool.open_slot("203.0.113.1"), gone = rig.pool.open_slot("203.0.113.2");
    const auto leaving = rig.pool.open_slot("192.0.2.1");
    const auto left = rig.add(&outbox, 0s, 100'000, leaving);
    rig.add(&outbox, 0s, 300, gone);
    for (int i = 0; i < 100; ++i) rig.add(&outbox, 0s, 8'000, flooding);
    rig.pool.close_slot(gone);
    EXPECT_EQ(count_of(outbox.take(kWall, at(1s))->envelopes, {left}), 0u);
    rig.pool.close_slot(leaving);
    std::size_t came = 0;
    for (const auto& batch : take_all(outbox)) came += count_of(batch, {left});
    EXPECT_EQ(came, 1u) << "older than what those who were gone had";
}

TEST(Outbox, NeverGivesBackToWhomItCameFrom) {
    Rig rig;
    Outbox outbox(rig.pool, {}, at(0s));
    rig.add(&outbox, 0s, 100, outbox.slot());
    EXPECT_FALSE(outbox.next_due().has_value());
    const auto wanted = rig.add(&outbox, 0s);
    const auto batch = outbox.take(kWall, at(1s));
    ASSERT_EQ(batch->envelopes.size(), 1u);
    EXPECT_EQ(batch->envelopes[0], wanted);
}

TEST(Outbox, GivesNothingThatThePeerWouldNotTake) {
    Rig rig;
    Outbox outbox(rig.pool, {.min_pow = 0.5}, at(0s));
    rig.add(&outbox, 0s, 100, kNoSlot, 0.4);
    EXPECT_FALSE(outbox.next_due().has_value());
    outbox.set_bloom(Bloom(), at(0s));
    rig.add(&outbox, 0s);
    while (outbox.take(kWall, at(5s))) {
    }
    EXPECT_FALSE(outbox.next_due().has_value());
    Bloom wants;
    wants.add({1, 2, 3, 4});
    outbox.set_bloom(wants, at(10s));
    const auto batch = outbox.take(kWall, at(11s));
    ASSERT_TRUE(batch.has_value());
    EXPECT_EQ(batch->envelopes.size(), 1u);
    outbox.set_min_pow(0.1, at(20s));
    EXPECT_EQ(outbox.take(kWall, at(21s))->envelopes.size(), 1u);
}

TEST(Outbox, ChecksTheTimesAgainWhenItSends) {
    Rig rig;
    Outbox outbox(rig.pool, {}, at(0s));
    rig.add(&outbox, 0s);
    const auto late = outbox.take(kWall + 51, at(1s));
    EXPECT_TRUE(late->envelopes.empty());
    Outbox early(rig.pool, {}, at(0s));
    EXPECT_TRUE(early.take(kWall - 11, at(1s))->envelopes.empty());
}

TEST(Outbox, CountsTheWorkOfAFutureEnvelopeAsThePeerDoes) {
    Rig rig;
    Outbox outbox(rig.pool, {.min_pow = 1}, at(0s));
    rig.add(&outbox, 0s);
    EXPECT_TRUE(outbox.next_due().has_value());
    EXPECT_TRUE(outbox.take(kWall - 5, at(1s))->envelopes.empty());
}

TEST(Outbox, TheBacklogGoesInPacedBatchesAndDoesNotHoldUpWhatIsNew) {
    Rig rig;
    for (int i = 0; i < 32; ++i) rig.add(nullptr, 0s, 100'000);
    Outbox outbox(rig.pool, {}, at(0s));
    auto batch = outbox.take(kWall, at(0s));
    EXPECT_EQ(batch->envelopes.size(), 5u);
    EXPECT_FALSE(outbox.take(kWall, at(0s)).has_value());
    EXPECT_EQ(outbox.next_due(), at(200ms));
    const auto fresh = rig.add(&outbox, 10ms);
    EXPECT_EQ(outbox.next_due(), at(30ms));
    EXPECT_EQ(outbox.take(kWall, at(30ms))->envelopes.front(), fresh);
    std::size_t rest = 0;
    for (auto now = 30ms; now < 10s; now += 10ms) {
        while ((batch = outbox.take(kWall, at(now)))) rest += batch->envelopes.size();
    }
    EXPECT_EQ(rest, 27u);
    EXPECT_FALSE(outbox.next_due().has_value());
}

TEST(Outbox, NewTermsLookThroughThePoolAgainButNotMoreThanOnceASecond) {
    Rig rig;
    Outbox outbox(rig.pool, {.min_pow = 5}, at(0s));
    rig.add(&outbox, 0s);
    outbox.set_min_pow(4, at(0s));
    EXPECT_EQ(outbox.next_due(), at(1s));
    outbox.set_min_pow(1, at(100ms));
    EXPECT_EQ(outbox.next_due(), at(1s));
    EXPECT_EQ(outbox.take(kWall, at(1s))->envelopes.size(), 1u);
    EXPECT_FALSE(outbox.take(kWall, at(1h)).has_value());
    outbox.set_min_pow(9, at(3s));
    EXPECT_FALSE(outbox.next_due().has_value());
}

TEST(Outbox, OfALightClientGivesOnlyWhatWasPostedHere) {
    Rig rig;
    Outbox outbox(rig.pool, {.own_only = true}, at(0s));
    rig.add(&outbox, 0s, 100, rig.pool.open_slot());
    EXPECT_FALSE(outbox.next_due().has_value());
    const auto own = rig.add(&outbox, 0s);
    EXPECT_EQ(outbox.take(kWall, at(1s))->envelopes, std::vector{own});
    outbox.set_own_only(false, at(1s));
    EXPECT_EQ(outbox.take(kWall, at(2s))->envelopes.size(), 1u);
}

TEST(Outbox, LooksThroughALargePoolInParts) {
    Rig rig;
    for (int i = 0; i < 10'000; ++i) rig.add(nullptr, 0s, 10, kNoSlot, 0);
    const auto last = rig.add(nullptr, 0s);
    Outbox outbox(rig.pool, {.min_pow = 1}, at(0s));
    EXPECT_TRUE(outbox.take(kWall, at(0s))->envelopes.empty());
    EXPECT_TRUE(outbox.take(kWall, at(0s))->envelopes.empty());
    EXPECT_EQ(outbox.take(kWall, at(0s))->envelopes.front(), last);
    EXPECT_FALSE(outbox.take(kWall, at(0s)).has_value());
}

TEST(Outbox, WhatIsAskedForAgainEverySecondComesAllTheSame) {
    Rig rig;
    Outbox outbox(rig.pool, {}, at(0s));
    const auto envelope = rig.add(&outbox, 0s);
    ASSERT_TRUE(outbox.take(kWall, at(20ms)).has_value());
    std::size_t again = 0;
    for (int i = 1; i <= 10; ++i) {
        const auto now = at(std::chrono::seconds(i));
        outbox.send_again(std::vector{envelope->hash()}, now);
        while (const auto batch = outbox.take(kWall, now)) again += batch->envelopes.size();
    }
    EXPECT_GE(again, 5u);
}

TEST(Outbox, WhatIsEarlySinceTheClockWasSetBackGoesWhenItsTimeHasCome) {
    Rig rig;
    Outbox outbox(rig.pool, {}, at(0s));
    rig.add(&outbox, 0s);
    std::size_t sent = 0;
    for (std::uint64_t i = 1; i <= 100; ++i) {
        while (const auto batch = outbox.take(kWall - 60 + i, at(std::chrono::seconds(i)))) {
            sent += batch->envelopes.size();
        }
        if (i < 45) EXPECT_EQ(sent, 0u) << i;
    }
    EXPECT_EQ(sent, 1u);
    EXPECT_FALSE(outbox.next_due().has_value());
}

}  // namespace
}  // namespace sotto::whisper
