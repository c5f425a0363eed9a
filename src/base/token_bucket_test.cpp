// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "base/token_bucket.hpp"

#include <gtest/gtest.h>

namespace sotto {
namespace {

using namespace std::chrono_literals;

TimePoint at(Duration since_start) {
    return {since_start};
}

TEST(TokenBucket, HoldsItsBurstAndThenRunsIntoDebt) {
    TokenBucket bucket(10, 4);
    EXPECT_EQ(bucket.debt_after(40, at(0s)), 0s);
    bucket.take(40);
    EXPECT_EQ(bucket.debt_after(5, at(0s)), 500ms);
    EXPECT_EQ(bucket.debt_after(5, at(500ms)), 0s);
}

TEST(TokenBucket, TakesNothingWhereItWouldRunIntoDebt) {
    TokenBucket bucket(10, 4);
    EXPECT_TRUE(bucket.try_take(40, at(0s)));
    EXPECT_FALSE(bucket.try_take(1, at(0s)));
    EXPECT_FALSE(bucket.try_take(2, at(100ms)));
    EXPECT_TRUE(bucket.try_take(1, at(100ms)));
}

TEST(TokenBucket, FillsUpToItsBurstAndNoFurther) {
    TokenBucket bucket(10, 4);
    bucket.take(40);
    EXPECT_FALSE(bucket.full(at(3s)));
    EXPECT_TRUE(bucket.full(at(1h)));
    EXPECT_EQ(bucket.debt_after(41, at(1h)), 100ms);
}

TEST(TokenBucket, WithoutALimitNothingIsOwed) {
    TokenBucket bucket(TokenBucket::kUnlimited, 4);
    bucket.take(1e18);
    EXPECT_EQ(bucket.debt_after(1e18, at(0s)), 0s);
    EXPECT_TRUE(bucket.full(at(0s)));
}

TEST(TokenBucket, AHugeDebtDoesNotOverflow) {
    TokenBucket bucket(1e-9, 4);
    EXPECT_GT(bucket.debt_after(1e18, at(0s)), 2s);
    EXPECT_LT(bucket.debt_after(1e18, at(0s)), 1h);
}

}  // namespace
}  // namespace sotto
