// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/json_framer.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace sotto::rpc {
namespace {

std::vector<std::string> all_of(JsonFramer& framer) {
    std::vector<std::string> values;
    for (;;) {
        const auto next = framer.next(100);
        if (!next) {
            values.emplace_back(to_string(next.error().code()));
            return values;
        }
        if (!*next) return values;
        values.push_back(**next);
    }
}

TEST(JsonFramer, CutsValuesThatStandBackToBackOrApart) {
    JsonFramer framer;
    framer.push("{\"a\":1}{\"b\":[2]}\r\n [3,{}]\t\n");
    EXPECT_EQ(all_of(framer), (std::vector<std::string>{R"({"a":1})", R"({"b":[2]})", "[3,{}]"}));
    EXPECT_FALSE(framer.within());
    EXPECT_EQ(framer.buffered(), 0u);
}

TEST(JsonFramer, CutsTheSameHoweverTheBytesCome) {
    const std::string text = R"( {"a":"}{\"]\\"}["\\\"[",{"x":{}}] {"b":"\u007b"} )";
    const std::vector<std::string> expected{R"({"a":"}{\"]\\"})", R"(["\\\"[",{"x":{}}])", R"({"b":"\u007b"})"};
    for (std::size_t piece = 1; piece <= text.size(); ++piece) {
        JsonFramer framer;
        std::vector<std::string> values;
        for (std::size_t at = 0; at < text.size(); at += piece) {
            framer.push(std::string_view(text).substr(at, piece));
            for (auto& value : all_of(framer)) values.push_back(std::move(value));
        }
        EXPECT_EQ(values, expected) << piece;
    }
}

TEST(JsonFramer, RefusesWhatBeginsNoRequest) {
    for (const auto* text : {"1", "\"a\"", "null", "}", "]", "GET / HTTP/1.1\r\n", "{}x", "\xef\xbb\xbf{}"}) {
        JsonFramer framer;
        framer.push(text);
        const auto values = all_of(framer);
        ASSERT_FALSE(values.empty()) << text;
        EXPECT_EQ(values.back(), to_string(Errc::malformed)) << text;
    }
}

TEST(JsonFramer, BoundsAValueWhetherItEndsOrNot) {
    const std::string largest = "[" + std::string(98, ' ') + "]";
    JsonFramer framer;
    framer.push(largest + largest);
    EXPECT_EQ(all_of(framer), (std::vector<std::string>{largest, largest}));
    framer.push("[" + std::string(99, ' ') + "]");
    EXPECT_EQ(all_of(framer), std::vector<std::string>{std::string(to_string(Errc::too_large))});
    JsonFramer endless;
    endless.push("{\"" + std::string(99, 'a'));
    EXPECT_EQ(all_of(endless), std::vector<std::string>{std::string(to_string(Errc::too_large))});
}

TEST(JsonFramer, KnowsThatAValueHasBegun) {
    JsonFramer framer;
    EXPECT_FALSE(framer.within());
    framer.push(" \n");
    (void)framer.next(100);
    EXPECT_FALSE(framer.within());
    framer.push("{\"a\"");
    (void)framer.next(100);
    EXPECT_TRUE(framer.within());
    framer.push(":1}");
    EXPECT_EQ(all_of(framer).size(), 1u);
    EXPECT_FALSE(framer.within());
}

}  // namespace
}  // namespace sotto::rpc
