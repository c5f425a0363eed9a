// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "node/limits.hpp"

#include <gtest/gtest.h>

namespace sotto::node {
namespace {

TEST(Limits, SetsEveryLimitOfTheTableByItsName) {
    for (const auto& info : limit_table()) {
        Limits limits;
        ASSERT_TRUE(limits.set(std::string(info.name) + "=77")) << info.name;
        EXPECT_EQ(limits.*info.field, 77u);
        ASSERT_TRUE(limits.set(std::string(info.name) + "=unlimited"));
        EXPECT_EQ(limits.*info.field, Limits::kUnlimited);
    }
}

TEST(Limits, RefusesZeroAndWhatIsNoNumber) {
    Limits limits;
    for (const auto* text : {"pool-bytes=0",
                             "pool-bytes=",
                             "pool-bytes=-1",
                             "pool-bytes=1x",
                             "pool-bytes",
                             "=1",
                             "pool-bytes=18446744073709551616"}) {
        EXPECT_FALSE(limits.set(text)) << text;
    }
}

TEST(Limits, NamesTheNearestLimitWhenOneIsUnknown) {
    Limits limits;
    EXPECT_NE(limits.set("conections-per-ip=1").error().detail().find("connections-per-ip"), std::string::npos);
}

}  // namespace
}  // namespace sotto::node
