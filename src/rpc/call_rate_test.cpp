// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/call_rate.hpp"

#include <gtest/gtest.h>

namespace sotto::rpc {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(CallRate, GivesEachClientItsOwnSecondsWorthAndRefillsIt) {
    CallRate rate;
    const TimePoint start{seconds(100)};
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(rate.take("192.0.2.1", 10, start));
    EXPECT_FALSE(rate.take("192.0.2.1", 10, start));
    EXPECT_TRUE(rate.take("192.0.2.2", 10, start));
    EXPECT_FALSE(rate.take("192.0.2.1", 10, start + milliseconds(99)));
    EXPECT_TRUE(rate.take("192.0.2.1", 10, start + milliseconds(200)));
    const auto later = start + seconds(3600);
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(rate.take("192.0.2.1", 10, later));
    EXPECT_FALSE(rate.take("192.0.2.1", 10, later)) << "time away is worth one second at most";
}

TEST(CallRate, RemembersABoundedNumberOfClients) {
    CallRate rate;
    const TimePoint start{seconds(1)};
    for (std::size_t i = 0; i < 3 * CallRate::kMaxClients; ++i) {
        EXPECT_TRUE(rate.take(std::to_string(i), 2, start));
        ASSERT_LE(rate.clients(), CallRate::kMaxClients);
    }
    EXPECT_TRUE(rate.take("new", 2, start + seconds(10)));
    EXPECT_EQ(rate.clients(), 1u) << "who has been away is forgotten when room is needed";
}

TEST(CallRate, BeginsAnewWithAnotherRate) {
    CallRate rate;
    const TimePoint start{seconds(1)};
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(rate.take("192.0.2.1", 10, start));
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(rate.take("192.0.2.1", 3, start));
    EXPECT_FALSE(rate.take("192.0.2.1", 3, start));
}

TEST(CallRate, HasNoLimitWhenToldSo) {
    CallRate rate;
    for (int i = 0; i < 100'000; ++i) ASSERT_TRUE(rate.take("x", ~std::uint64_t{0}, TimePoint{}));
    EXPECT_EQ(rate.clients(), 0u);
}

TEST(CallRate, KnowsAnIpv6ClientByItsNetworkOf64Bits) {
    EXPECT_EQ(client_at("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
    EXPECT_EQ(client_at("2001:db8:1:2::1"), client_at("2001:db8:1:2:ffff:ffff:ffff:ffff"));
    EXPECT_NE(client_at("2001:db8:1:2::1"), client_at("2001:db8:1:3::1"));
    EXPECT_EQ(client_at("192.0.2.1"), "192.0.2.1");
    EXPECT_NE(client_at("192.0.2.1"), client_at("192.0.2.2"));
}

}  // namespace
}  // namespace sotto::rpc
