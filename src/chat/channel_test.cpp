// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "chat/channel.hpp"

#include <gtest/gtest.h>

namespace sotto::chat {
namespace {

TEST(Channel, IsTheSameWithAndWithoutTheHash) {
    EXPECT_EQ(*channel_name("#lobby"), "lobby");
    EXPECT_EQ(*channel_name("lobby"), "lobby");
    for (const auto& name : {std::string(), std::string("#"), std::string(129, 'a'), std::string("a\nb")}) {
        EXPECT_FALSE(channel_name(name)) << name;
    }
}

TEST(Channel, TakesItsTopicFromTheNamesHash) {
    EXPECT_EQ(to_hex(channel_topic("status")), "cd423760");
}

TEST(Channel, WritesWhatStatusAppsWrite) {
    const auto bytes = encode_message({.text = "hi", .clock = 200, .milliseconds = 2});
    EXPECT_EQ(text_of(bytes),
              R"(["~#c4",["hi","text/plain","~:public-group-user-message",200,2,["^ ","~:text","hi"]]])");
}

TEST(Channel, ReadsBackTextNickAndEscapes) {
    for (const std::string text : {"hello", "~tilde", "^hat", "`tick", "~~two", "", "\"quoted\" \\ \n ☃"}) {
        const auto message =
            decode_message(encode_message({.text = text, .nick = "~bob", .clock = 7, .milliseconds = 9}));
        ASSERT_TRUE(message) << text;
        EXPECT_EQ(message->text, text);
        EXPECT_EQ(message->nick, "~bob");
        EXPECT_EQ(message->clock, 7u);
        EXPECT_EQ(message->milliseconds, 9u);
    }
}

TEST(Channel, RefusesWhatIsNoPublicMessage) {
    for (const auto* text : {"",
                             "{}",
                             "[]",
                             R"(["~#c4"])",
                             R"(["~#c4",{}])",
                             R"(["~#c1",["a","b","~:public-group-user-message"]])",
                             R"(["~#c4",["a","b","~:user-message",1,2]])",
                             R"([[[[[[[[[[[]]]]]]]]]]])"}) {
        EXPECT_FALSE(decode_message(view_of(text))) << text;
    }
    EXPECT_EQ(decode_message(encode_message({.text = std::string(70'000, 'a')})).error().code(), Errc::too_large);
}

TEST(Channel, ToleratesMissingAndOddFields) {
    const auto message =
        decode_message(view_of(R"(["~#c4",["a","text/plain","~:public-group-user-message",-5,"x",["^ ","~:nick"]]])"));
    ASSERT_TRUE(message);
    EXPECT_EQ(message->text, "a");
    EXPECT_EQ(message->clock, 0u);
    EXPECT_EQ(message->nick, "");
}

}  // namespace
}  // namespace sotto::chat
