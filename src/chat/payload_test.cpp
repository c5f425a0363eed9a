// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "chat/payload.hpp"

#include <gtest/gtest.h>

namespace sotto::chat {
namespace {

TEST(Payload, WritesWhatStatusAppsWrite) {
    const auto bytes = *encode_message({.text = "hi", .clock = 200, .milliseconds = 2});
    EXPECT_EQ(text_of(bytes),
              R"(["~#c4",["hi","text/plain","~:public-group-user-message",200,2,["^ ","~:text","hi"]]])");
    const auto to_one = *encode_message({.kind = Kind::contact, .text = "hi", .clock = 200, .milliseconds = 2});
    EXPECT_EQ(text_of(to_one), R"(["~#c4",["hi","text/plain","~:user-message",200,2,["^ ","~:text","hi"]]])");
}

TEST(Payload, WritesNickAndOfferWhereOthersLookForNothing) {
    const auto bytes = *encode_message({.kind = Kind::contact, .text = "a", .nick = "b", .offer = {{1, 2, 3, 0xff}}});
    EXPECT_EQ(text_of(bytes),
              R"(["~#c4",["a","text/plain","~:user-message",0,0,)"
              R"(["^ ","~:text","a","~:nick","b","~:topic","0x010203ff"]]])");
}

TEST(Payload, ReadsBackAllOfIt) {
    for (const auto kind : {Kind::channel, Kind::contact}) {
        for (const std::string text : {"hello", "~tilde", "^hat", "`tick", "~~two", "", "\"quoted\" \\ \n ☃"}) {
            Message sent{.kind = kind, .text = text, .nick = "~bob", .clock = 7, .milliseconds = 9};
            if (kind == Kind::contact) sent.offer = ByteArray<4>{9, 8, 7, 6};
            const auto message = decode_message(*encode_message(sent));
            ASSERT_TRUE(message) << text;
            EXPECT_EQ(message->kind, kind);
            EXPECT_EQ(message->text, text);
            EXPECT_EQ(message->nick, "~bob");
            EXPECT_EQ(message->clock, 7u);
            EXPECT_EQ(message->milliseconds, 9u);
            EXPECT_EQ(message->offer, sent.offer);
        }
    }
}

TEST(Payload, RefusesWhatIsNoTextMessage) {
    for (const auto* text : {"",
                             "{}",
                             "[]",
                             R"(["~#c4"])",
                             R"(["~#c4",{}])",
                             R"(["~#c4",[]])",
                             R"(["~#c2",["name","picture"]])",
                             R"(["~#c4",["a","b","~:group-user-message",1,2]])",
                             R"(["~#c4",[["a"],"content/json","~:user-message",1,2]])",
                             R"([[[[[[[[[[[]]]]]]]]]]])"}) {
        EXPECT_FALSE(decode_message(view_of(text))) << text;
    }
}

TEST(Payload, BoundsTextAndNick) {
    const std::string text(64 * 1024, 'a');
    const std::string nick(64, 'n');
    EXPECT_TRUE(decode_message(*encode_message({.text = text, .nick = nick})));
    EXPECT_EQ(encode_message({.text = text + "a"}).error(), Errc::too_large);
    EXPECT_EQ(encode_message({.nick = nick + "n"}).error(), Errc::too_large);
    const auto received = [](const std::string& said, const std::string& by) {
        return decode_message(view_of(R"(["~#c4",[")" + said +
                                      R"(","text/plain","~:user-message",1,2,["^ ","~:nick",")" + by + R"("]]])"));
    };
    EXPECT_TRUE(received(text, nick));
    EXPECT_EQ(received(text + "a", nick).error(), Errc::too_large);
    EXPECT_EQ(received(text, nick + "n").error(), Errc::too_large);
}

TEST(Payload, WritesNothingThatOthersCouldNotRead) {
    for (const std::string text : {"\xff", "a\xe6\xbc", "\xed\xa0\x80"}) {
        EXPECT_EQ(encode_message({.text = text}).error(), Errc::malformed);
        EXPECT_EQ(encode_message({.text = "a", .nick = text}).error(), Errc::malformed);
    }
}

TEST(Payload, ToleratesMissingAndOddFields) {
    const auto message =
        decode_message(view_of(R"(["~#c4",["a","text/plain","~:public-group-user-message",-5,"x",["^ ","~:nick"]]])"));
    ASSERT_TRUE(message);
    EXPECT_EQ(message->text, "a");
    EXPECT_EQ(message->clock, 0u);
    EXPECT_EQ(message->nick, "");
}

TEST(Payload, TakesNoOfferThatIsNoneAndNoneInPublic) {
    for (const auto* offer : {R"("0x0102")", R"("0x010203zz")", "5", R"("0102030405")"}) {
        const auto text =
            std::string(R"(["~#c4",["a","text/plain","~:user-message",1,2,["^ ","~:topic",)") + offer + "]]]";
        const auto message = decode_message(view_of(text));
        ASSERT_TRUE(message) << text;
        EXPECT_FALSE(message->offer) << text;
    }
    const auto in_public = decode_message(
        view_of(R"(["~#c4",["a","text/plain","~:public-group-user-message",1,2,["^ ","~:topic","0x01020304"]]])"));
    ASSERT_TRUE(in_public);
    EXPECT_FALSE(in_public->offer);
}

}  // namespace
}  // namespace sotto::chat
