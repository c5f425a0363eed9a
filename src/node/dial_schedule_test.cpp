// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "node/dial_schedule.hpp"

#include <gtest/gtest.h>

#include "sim/world.hpp"

namespace sotto::node {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kId = "16Uiu2HAmRHPzF3rQg55PgYPcQkyvPVH9n2hWsYPhUJBZ6kVjJgdV";

Multiaddr address(std::string_view head) {
    return *Multiaddr::parse(std::string(head) + "/p2p/" + std::string(kId));
}

class DialScheduleTest : public testing::Test {
  protected:
    sim::World world{1};
    Env env = world.env();
    DialSchedule schedule{*env.random};
};

TEST_F(DialScheduleTest, RefusesAnAddressWithoutAPeer) {
    EXPECT_EQ(schedule.add(*Multiaddr::parse("/ip4/1.2.3.4/tcp/1"), {}).error().code(), Errc::invalid_argument);
}

TEST_F(DialScheduleTest, WantsAPeerOncePerNetwork) {
    ASSERT_TRUE(schedule.add(address("/ip4/1.2.3.4/tcp/1"), {}));
    ASSERT_TRUE(schedule.add(address("/ip4/1.2.3.4/tcp/1/rlpx"), {}));
    ASSERT_TRUE(schedule.add(address("/ip4/9.9.9.9/tcp/1"), {}));
    EXPECT_EQ(schedule.size(), 2u);
    EXPECT_TRUE(schedule.wanted(*crypto::PeerId::parse(kId)));
    EXPECT_TRUE(schedule.remove(*crypto::PeerId::parse(kId)));
    EXPECT_FALSE(schedule.wanted(*crypto::PeerId::parse(kId)));
}

TEST_F(DialScheduleTest, BacksOffExponentiallyWithJitterUpToFiveMinutes) {
    const auto key = *schedule.add(address("/ip4/1.2.3.4/tcp/1"), {});
    TimePoint now{};
    for (int i = 0; i < 20; ++i) {
        ASSERT_TRUE(schedule.take_due(now)) << i;
        EXPECT_FALSE(schedule.take_due(now)) << "dialled twice at once";
        schedule.failed(key, now);
        const Duration base =
            std::min<Duration>(DialSchedule::kLongestDelay, DialSchedule::kFirstDelay * (1ll << std::min(i, 20)));
        const auto delay = *schedule.next_due() - now;
        EXPECT_GE(delay, base * 3 / 4);
        EXPECT_LE(delay, base * 5 / 4);
        now = *schedule.next_due();
    }
}

TEST_F(DialScheduleTest, ForgivesOnlyAConnectionThatLasted) {
    const auto key = *schedule.add(address("/ip4/1.2.3.4/tcp/1"), {});
    TimePoint now{};
    for (int i = 0; i < 6; ++i) {
        ASSERT_TRUE(schedule.take_due(now));
        schedule.failed(key, now);
        now = *schedule.next_due();
    }
    ASSERT_TRUE(schedule.take_due(now));
    schedule.connected(key, now);
    EXPECT_FALSE(schedule.next_due());
    schedule.disconnected(key, now + 1s);
    EXPECT_GT(*schedule.next_due() - (now + 1s), 40s);
    now = *schedule.next_due();
    ASSERT_TRUE(schedule.take_due(now));
    schedule.connected(key, now);
    schedule.disconnected(key, now + 31s);
    EXPECT_LT(*schedule.next_due() - (now + 31s), 2s);
}

}  // namespace
}  // namespace sotto::node
