// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/processed.hpp"

#include <gtest/gtest.h>

namespace sotto::rpc {
namespace {

using std::chrono::hours;
using Id = ProcessedMessages::Id;

Id numbered(std::uint32_t n) {
    Id id{};
    for (std::size_t i = 0; i < 4; ++i) id[i] = static_cast<std::uint8_t>(n >> (8 * i));
    return id;
}

TEST(ProcessedMessages, TellsMessagesApartByPayloadAndTopic) {
    const Bytes payload{1, 2};
    const Bytes topic{1, 2, 3, 4};
    const auto id = ProcessedMessages::id_of(payload, topic);
    EXPECT_EQ(id, ProcessedMessages::id_of(payload, topic));
    EXPECT_NE(id, ProcessedMessages::id_of(payload, Bytes{1, 2, 3, 5}));
    EXPECT_NE(id, ProcessedMessages::id_of(Bytes{1, 3}, topic));
}

TEST(ProcessedMessages, RemembersForTwoDays) {
    ProcessedMessages processed;
    const TimePoint start{hours(1)};
    processed.add(numbered(1), start);
    processed.add(numbered(2), start + hours(24));
    processed.add(numbered(1), start + hours(24));
    EXPECT_TRUE(processed.contains(numbered(1), start + hours(47)));
    EXPECT_FALSE(processed.contains(numbered(3), start + hours(47)));
    EXPECT_FALSE(processed.contains(numbered(1), start + hours(48))) << "saying it again makes it no younger";
    EXPECT_TRUE(processed.contains(numbered(2), start + hours(48)));
    EXPECT_FALSE(processed.contains(numbered(2), start + hours(100)));
    EXPECT_EQ(processed.size(), 0u);
}

TEST(ProcessedMessages, IsBoundedAndForgetsTheOldestFirst) {
    ProcessedMessages processed;
    const TimePoint now{hours(1)};
    for (std::uint32_t i = 0; i < ProcessedMessages::kMax + 10; ++i) processed.add(numbered(i), now);
    EXPECT_EQ(processed.size(), ProcessedMessages::kMax);
    EXPECT_FALSE(processed.contains(numbered(9), now));
    EXPECT_TRUE(processed.contains(numbered(10), now));
}

}  // namespace
}  // namespace sotto::rpc
