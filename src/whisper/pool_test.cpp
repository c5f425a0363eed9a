// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "whisper/pool.hpp"

#include <algorithm>
#include <map>

#include "whisper/golden_testing.hpp"

namespace sotto::whisper {
namespace {

using testing::TestRandom;

constexpr Slot kPeer = 0;

SharedEnvelope made(std::uint64_t number, std::uint32_t expiry = 1'000, std::size_t size = 100) {
    const Bytes data(size, 0x33);
    return *make_envelope(encode_envelope(encode_body(expiry, 10, {1, 2, 3, 4}, data), number));
}
std::vector<std::uint64_t> nonces(Pool& pool, std::uint64_t from = 0) {
    std::vector<std::uint64_t> seen;
    pool.scan(from, pool.end(), 1'000'000, [&](Pool::Entry& entry) {
        seen.push_back(entry.envelope->view().nonce);
        return true;
    });
    return seen;
}

TEST(Pool, KeepsEachEnvelopeOnceAndRemembersWhoHasIt) {
    Pool pool({}, 1);
    const auto envelope = made(1);
    EXPECT_EQ(pool.add(envelope, {1, 1}, 3), Pool::Added::added);
    EXPECT_EQ(pool.add(made(1), {1, 1}, 70), Pool::Added::duplicate);
    EXPECT_EQ(pool.size(), 1u);
    const auto* entry = pool.find(envelope->hash());
    ASSERT_TRUE(entry);
    EXPECT_TRUE(entry->known_by.test(3));
    EXPECT_TRUE(entry->known_by.test(70));
    EXPECT_FALSE(entry->known_by.test(4));
    EXPECT_EQ(pool.find(Hash{}), nullptr);
}

TEST(Pool, ExpiresBySecondsNotBefore) {
    Pool pool({}, 1);
    for (std::uint32_t i = 0; i < 100; ++i) pool.add(made(i, 1'000 + i % 10), {1, 1}, kNoSlot);
    EXPECT_TRUE(pool.expire(1'000).empty());
    EXPECT_EQ(pool.expire(1'001).size(), 10u);
    EXPECT_EQ(pool.expire(1'005).size(), 40u);
    EXPECT_EQ(pool.size(), 50u);
    EXPECT_EQ(pool.expire(~std::uint64_t{0}).size(), 50u);
    EXPECT_EQ(pool.bytes(), 0u);
    EXPECT_TRUE(nonces(pool).empty());
}

TEST(Pool, IsBoundedInBytesAndNumber) {
    const auto cost = made(1)->raw().size() + Pool::kEntryOverhead;
    Pool by_bytes({.bytes = 10 * cost + 9, .envelopes = 1'000}, 1);
    Pool by_number({.bytes = 1'000'000, .envelopes = 7}, 1);
    for (std::uint64_t i = 0; i < 100; ++i) {
        by_bytes.add(made(i % 100), {1, static_cast<double>(i)}, kPeer);
        by_number.add(made(i % 100), {1, static_cast<double>(i)}, kPeer);
        EXPECT_LE(by_bytes.bytes(), 10 * cost + 9);
        EXPECT_LE(by_number.size(), 7u);
    }
    EXPECT_EQ(by_bytes.size(), 10u);
    EXPECT_EQ(nonces(by_number), (std::vector<std::uint64_t>{93, 94, 95, 96, 97, 98, 99}));
    EXPECT_EQ(by_number.evicted(), 93u);
}

TEST(Pool, TheCheapestMakesRoomAndAmongEqualsTheNewcomerYields) {
    Pool pool({.bytes = 1'000'000, .envelopes = 3}, 1);
    pool.add(made(1), {1, 5}, kPeer);
    pool.add(made(2), {1, 1}, kPeer);
    pool.add(made(3), {1, 5}, kPeer);
    EXPECT_EQ(pool.add(made(4), {1, 1}, kPeer), Pool::Added::refused);
    EXPECT_EQ(pool.add(made(5), {1, 0.5}, kPeer), Pool::Added::refused);
    EXPECT_EQ(pool.add(made(6), {1, 2}, kPeer), Pool::Added::added);
    EXPECT_EQ(nonces(pool), (std::vector<std::uint64_t>{1, 3, 6}));
}

TEST(Pool, ALargeOneThatCannotStayEvictsNobody) {
    const auto cost = made(1)->raw().size() + Pool::kEntryOverhead;
    Pool pool({.bytes = 4 * cost, .envelopes = 100}, 1);
    for (std::uint64_t i = 0; i < 4; ++i) pool.add(made(i), {1, i < 2 ? 1.0 : 9.0}, kPeer);
    EXPECT_EQ(pool.add(made(9, 1'000, 3 * 600), {1, 5}, kPeer), Pool::Added::refused);
    EXPECT_EQ(pool.size(), 4u);
    EXPECT_EQ(pool.add(made(9, 1'000, 700), {1, 5}, kPeer), Pool::Added::added);
    EXPECT_EQ(pool.size(), 3u);
    EXPECT_EQ(pool.add(made(10, 1'000, 100'000), {1, 50}, kPeer), Pool::Added::refused);
    EXPECT_EQ(pool.size(), 3u);
}

TEST(Pool, ScansInOrderOfArrivalFromAnyPlace) {
    Pool pool({}, 1);
    for (std::uint64_t i = 0; i < 10; ++i) pool.add(made(i), {1, 1}, kNoSlot);
    const auto middle = pool.find(made(5)->hash())->sequence;
    EXPECT_EQ(nonces(pool, middle), (std::vector<std::uint64_t>{5, 6, 7, 8, 9}));
    std::size_t visited = 0;
    const auto stopped = pool.scan(0, pool.end(), 1'000, [&](Pool::Entry&) { return ++visited < 4; });
    EXPECT_EQ(nonces(pool, stopped).front(), 3u);
    const auto limited = pool.scan(0, pool.end(), 4, [](Pool::Entry&) { return true; });
    EXPECT_EQ(nonces(pool, limited).front(), 4u);
    EXPECT_EQ(pool.scan(0, pool.end(), 1'000, [](Pool::Entry&) { return true; }), pool.end());
    EXPECT_EQ(pool.scan(0, middle, 1'000, [](Pool::Entry&) { return true; }), middle);
}

TEST(Pool, ASlotIsCleanWhenItIsUsedAgain) {
    Pool pool({}, 1);
    EXPECT_EQ(pool.open_slot(), 0u);
    EXPECT_EQ(pool.open_slot(), 1u);
    const auto envelope = made(1);
    pool.add(envelope, {1, 1}, 0);
    pool.find(envelope->hash())->known_by.set(1);
    pool.close_slot(0);
    EXPECT_EQ(pool.open_slot(), 2u);
    pool.sweep();
    EXPECT_FALSE(pool.find(envelope->hash())->known_by.test(0));
    EXPECT_TRUE(pool.find(envelope->hash())->known_by.test(1));
    EXPECT_EQ(pool.open_slot(), 0u);
}

TEST(Pool, SweepsManySlotsAtOnce) {
    Pool pool({}, 1);
    for (Slot slot = 0; slot < 300; ++slot) EXPECT_EQ(pool.open_slot(), slot);
    const auto envelope = made(1);
    pool.add(envelope, {1, 1}, 0);
    auto& known_by = pool.find(envelope->hash())->known_by;
    for (Slot slot = 0; slot < 300; ++slot) known_by.set(slot);
    for (Slot slot = 0; slot < 300; slot += 3) pool.close_slot(slot);
    pool.sweep();
    for (Slot slot = 0; slot < 300; ++slot) EXPECT_EQ(known_by.test(slot), slot % 3 != 0);
}

TEST(Pool, AgreesWithANaiveOneUnderRandomUse) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        TestRandom random(seed);
        Pool pool({.bytes = 60'000, .envelopes = 40}, seed);
        std::map<std::uint64_t, Pool::Entry> naive;  // by order of arrival
        std::size_t bytes = 0;
        std::uint64_t order = 0;
        const auto drop = [&](std::map<std::uint64_t, Pool::Entry>::iterator it) {
            bytes -= it->second.envelope->raw().size() + Pool::kEntryOverhead;
            return naive.erase(it);
        };
        for (int step = 0; step < 2'000; ++step) {
            if (random.below(20) == 0) {
                const auto now = 1'000 + random.below(50);
                pool.expire(now);
                for (auto it = naive.begin(); it != naive.end();) {
                    it = it->second.envelope->view().expiry < now ? drop(it) : std::next(it);
                }
                continue;
            }
            const auto envelope =
                made(random.below(300), static_cast<std::uint32_t>(1'000 + random.below(50)), random.below(3'000));
            const auto pow = static_cast<double>(random.below(8));
            const auto added = pool.add(envelope, {pow, pow}, kPeer);
            const bool known = std::ranges::any_of(
                naive, [&](const auto& item) { return item.second.envelope->hash() == envelope->hash(); });
            EXPECT_EQ(added == Pool::Added::duplicate, known);
            if (known) continue;
            const auto cost = envelope->raw().size() + Pool::kEntryOverhead;
            auto trial = naive;
            auto trial_bytes = bytes;
            bool fits = true;
            while (fits && (trial_bytes + cost > 60'000 || trial.size() >= 40)) {
                const auto victim = std::ranges::min_element(trial, [](const auto& a, const auto& b) {
                    const auto pa = a.second.work.accepted;
                    const auto pb = b.second.work.accepted;
                    return pa != pb ? pa < pb : a.first > b.first;
                });
                fits = victim != trial.end() && victim->second.work.accepted < pow;
                if (!fits) break;
                trial_bytes -= victim->second.envelope->raw().size() + Pool::kEntryOverhead;
                trial.erase(victim);
            }
            EXPECT_EQ(added == Pool::Added::added, fits);
            if (!fits) continue;
            naive = std::move(trial);
            bytes = trial_bytes + cost;
            naive[order++] = {.envelope = envelope, .work = {pow, pow}};
        }
        std::vector<std::uint64_t> expected;
        for (const auto& [at, entry] : naive) expected.push_back(entry.envelope->view().nonce);
        EXPECT_EQ(nonces(pool), expected);
        EXPECT_EQ(pool.bytes(), bytes);
    }
}

TEST(Pool, APeerThatFillsMostOfItMakesRoomForTheOthers) {
    Pool pool({.bytes = 100 * 1'000, .envelopes = 1'000}, 1);
    const Slot flood = pool.open_slot();
    const Slot honest = pool.open_slot();
    for (std::uint64_t i = 0; i < 1'000; ++i) pool.add(made(i), {1, 9}, flood);
    for (std::uint64_t i = 1'000; i < 1'020; ++i) {
        EXPECT_EQ(pool.add(made(i), {1, 1}, honest), Pool::Added::added) << "less work, but a fair share";
    }
    EXPECT_LE(pool.bytes(), 100u * 1'000);
    EXPECT_GT(pool.bytes_of(honest), 0u);
    EXPECT_EQ(pool.add(made(5'000), {1, 9}, flood), Pool::Added::refused);
    EXPECT_EQ(pool.bytes(), pool.bytes_of(honest) + pool.bytes_of(flood));
}

TEST(Pool, PeersOfOneAddressHaveOneShareAndPartItAmongThem) {
    const auto cost = made(300)->raw().size() + Pool::kEntryOverhead;
    Pool pool({.bytes = 100 * cost, .envelopes = 1'000}, 1);
    std::vector<Slot> sybils;
    for (int i = 0; i < 9; ++i) sybils.push_back(pool.open_slot("203.0.113.9"));
    const Slot quiet = pool.open_slot("203.0.113.9");
    const Slot honest = pool.open_slot("192.0.2.1");
    std::uint64_t next = 300;
    for (int round = 0; round < 50; ++round) {
        for (const auto sybil : sybils) pool.add(made(next++), {1, 9}, sybil);
    }
    for (int i = 0; i < 49; ++i) EXPECT_EQ(pool.add(made(next++), {1, 1}, honest), Pool::Added::added) << i;
    for (const auto sybil : sybils) pool.add(made(next++), {1, 99}, sybil);
    EXPECT_EQ(pool.bytes_of(honest), 49 * cost) << "not a tenth, but half";
    for (int i = 0; i < 5; ++i) EXPECT_EQ(pool.add(made(next++), {1, 1}, quiet), Pool::Added::added) << i;
    EXPECT_EQ(pool.bytes_of(quiet), 5 * cost) << "of the address's share all have the same";
    EXPECT_EQ(pool.bytes_of(honest), 49 * cost);
    EXPECT_LE(pool.bytes(), 100 * cost);
}

TEST(Pool, WhatAPeerThatIsGoneBroughtStaysAndCountsTogether) {
    Pool pool({}, 1);
    std::uint64_t next = 0;
    for (const std::size_t brought : {2u, 5u, 1u}) {  // more than who went before, and fewer
        const Slot slot = pool.open_slot();
        for (std::size_t i = 0; i < brought; ++i) pool.add(made(next++), {1, 1}, slot);
        pool.close_slot(slot);
        EXPECT_EQ(pool.bytes_of(slot), 0u);
        EXPECT_EQ(pool.bytes_of(kDeparted), pool.bytes());
    }
    pool.sweep();
    pool.add(made(next++), {1, 1}, pool.open_slot());
    EXPECT_EQ(pool.bytes_of(0), made(0)->raw().size() + Pool::kEntryOverhead);
    EXPECT_FALSE(pool.find(made(0)->hash())->own());
    EXPECT_EQ(pool.expire(~std::uint32_t{0}).size(), 9u);
    EXPECT_EQ(pool.bytes_of(kDeparted), 0u);
}

TEST(Pool, WhatWasPostedHereIsNeverPushedOutAndFillsAtMostHalf) {
    const auto cost = made(1)->raw().size() + Pool::kEntryOverhead;
    Pool pool({.bytes = 10 * cost + 9, .envelopes = 1'000}, 1);
    for (std::uint64_t i = 0; i < 5; ++i) EXPECT_EQ(pool.add(made(i), {1, 1}, kNoSlot), Pool::Added::added);
    EXPECT_EQ(pool.add(made(5), {1, 9}, kNoSlot), Pool::Added::refused) << "more than half";
    const Slot flood = pool.open_slot();
    for (std::uint64_t i = 100; i < 200; ++i) pool.add(made(i), {1, 5 + static_cast<double>(i)}, flood);
    EXPECT_EQ(pool.size(), 10u);
    for (std::uint64_t i = 0; i < 5; ++i) EXPECT_NE(pool.find(made(i)->hash()), nullptr) << i;
    Pool by_number({.bytes = 1'000'000, .envelopes = 4}, 1);
    for (std::uint64_t i = 0; i < 3; ++i) by_number.add(made(i), {1, 1}, kNoSlot);
    EXPECT_EQ(by_number.size(), 2u);
}

TEST(Pool, ASmallerOneMakesRoomAtOnceButNotOfWhatWasPostedHere) {
    const auto cost = made(1)->raw().size() + Pool::kEntryOverhead;
    Pool pool({}, 1);
    const Slot heavy = pool.open_slot();
    const Slot light = pool.open_slot();
    for (std::uint64_t i = 0; i < 4; ++i) pool.add(made(i), {1, 1}, kNoSlot);
    for (std::uint64_t i = 10; i < 18; ++i) pool.add(made(i), {1, static_cast<double>(i)}, heavy);
    for (std::uint64_t i = 20; i < 23; ++i) pool.add(made(i), {1, 1}, light);
    pool.set_limits({.bytes = 10 * cost, .envelopes = 1'000});
    EXPECT_EQ(nonces(pool), (std::vector<std::uint64_t>{0, 1, 2, 3, 15, 16, 17, 20, 21, 22})) << "the least work goes";
    EXPECT_EQ(pool.evicted(), 5u);
    pool.set_limits({.bytes = 10 * cost, .envelopes = 8});
    EXPECT_EQ(pool.size(), 8u);
    pool.set_limits({.bytes = 1, .envelopes = 1});
    EXPECT_EQ(nonces(pool), (std::vector<std::uint64_t>{0, 1, 2, 3})) << "promised";
    EXPECT_EQ(pool.add(made(30), {1, 9}, heavy), Pool::Added::refused);
    pool.set_limits({.bytes = 10 * cost, .envelopes = 8});
    EXPECT_EQ(pool.add(made(30), {1, 9}, heavy), Pool::Added::added);
}

TEST(Pool, WhatIsPostedHereMakesPeersMakeRoom) {
    Pool pool({.bytes = 1'000'000, .envelopes = 4}, 1);
    const Slot peer = pool.open_slot();
    for (std::uint64_t i = 0; i < 4; ++i) pool.add(made(i), {1, 9}, peer);
    EXPECT_EQ(pool.add(made(9), {1, 1}, kNoSlot), Pool::Added::added);
    EXPECT_EQ(pool.size(), 4u);
}

}  // namespace
}  // namespace sotto::whisper
