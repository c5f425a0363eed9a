// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "whisper/clock_check.hpp"

#include <gtest/gtest.h>

namespace sotto::whisper {
namespace {

LagSample sample(std::initializer_list<std::int64_t> lags) {
    LagSample made;
    for (const auto lag : lags) made.add(lag);
    return made;
}

std::optional<std::int64_t> offset_of(const std::vector<LagSample>& peers) {
    std::vector<const LagSample*> pointers;
    for (const auto& peer : peers) pointers.push_back(&peer);
    return clock_offset(pointers);
}

TEST(ClockCheck, FreshEnvelopesSayThatTheClockIsRight) {
    EXPECT_EQ(sample({0, 1, 0, 2}).ahead(), 0);
    EXPECT_EQ(offset_of({sample({0, 1, 0, 2}), sample({0, 0, 0, 0})}), std::nullopt);
}

TEST(ClockCheck, OneFreshEnvelopeAmongOldOnesSaysThatTheClockIsRight) {
    EXPECT_EQ(sample({40, 30, 1, 20, 50}).ahead(), 0);
}

TEST(ClockCheck, NothingFreshMeansThatTheClockIsAhead) {
    EXPECT_EQ(sample({7, 9, 8, 30}).ahead(), 7);
}

TEST(ClockCheck, OneSenderFromTheFutureDoesNotMakeTheClockWrong) {
    EXPECT_EQ(sample({0, -8, 1, -8, 0, 0}).ahead(), 0);
}

TEST(ClockCheck, MostFromTheFutureMeansThatTheClockIsBehind) {
    EXPECT_EQ(sample({-8, -7, 0, -9, -8}).ahead(), -8);
}

TEST(ClockCheck, FiveSecondsAreTolerated) {
    EXPECT_EQ(sample({5, 5, 5, 5}).ahead(), 0);
    EXPECT_EQ(sample({-5, -5, -5, -5}).ahead(), 0);
}

TEST(ClockCheck, AFewEnvelopesSayNothing) {
    EXPECT_FALSE(sample({9, 9, 9}).enough());
    EXPECT_EQ(sample({9, 9, 9}).ahead(), 0);
}

TEST(ClockCheck, OnePeerAloneIsNotBelieved) {
    EXPECT_EQ(offset_of({sample({9, 9, 9, 9})}), std::nullopt);
    EXPECT_EQ(offset_of({sample({9, 9, 9, 9}), sample({})}), std::nullopt);
}

TEST(ClockCheck, TwoPeersThatAgreeAreBelievedWithTheSmallerFigure) {
    EXPECT_EQ(offset_of({sample({9, 9, 9, 9}), sample({7, 7, 7, 7})}), 7);
    EXPECT_EQ(offset_of({sample({-9, -9, -9, -9}), sample({-7, -7, -7, -7})}), -7);
}

TEST(ClockCheck, PeersThatContradictEachOtherAreNotBelieved) {
    EXPECT_EQ(offset_of({sample({9, 9, 9, 9}), sample({-9, -9, -9, -9})}), std::nullopt);
    EXPECT_EQ(offset_of({sample({9, 9, 9, 9}), sample({8, 8, 8, 8}), sample({0, 0, 0, 0})}), std::nullopt);
}

TEST(ClockCheck, ASampleIsBounded) {
    LagSample peer;
    for (int i = 0; i < 1000; ++i) peer.add(9);
    peer.add(0);
    EXPECT_EQ(peer.ahead(), 9);
}

}  // namespace
}  // namespace sotto::whisper
