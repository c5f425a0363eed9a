// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "chat/channel.hpp"

#include <gtest/gtest.h>

namespace sotto::chat {
namespace {

TEST(Channel, IsTheSameWithAndWithoutTheHash) {
    EXPECT_EQ(*channel_name("#lobby"), "lobby");
    EXPECT_EQ(*channel_name("lobby"), "lobby");
    for (const auto& name :
         {std::string(), std::string("#"), std::string(129, 'a'), std::string("a\nb"), std::string("a\xff")}) {
        EXPECT_FALSE(channel_name(name)) << name;
    }
}

TEST(Channel, TakesItsTopicFromTheNamesHash) {
    EXPECT_EQ(to_hex(channel_topic("status")), "cd423760");
}

}  // namespace
}  // namespace sotto::chat
