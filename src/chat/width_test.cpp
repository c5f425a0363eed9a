// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "chat/width.hpp"

#include <gtest/gtest.h>

namespace sotto::chat {
namespace {

TEST(Width, CountsCellsNotBytes) {
    EXPECT_EQ(count_cells(""), 0u);
    EXPECT_EQ(count_cells("abc"), 3u);
    EXPECT_EQ(count_cells("grüße"), 5u);
    EXPECT_EQ(count_cells("日本語"), 6u);
    EXPECT_EQ(count_cells("🦊"), 2u);
    EXPECT_EQ(count_cells("e\u0301"), 1u);
    EXPECT_EQ(count_cells("\xff\xfe"), 2u) << "bytes that are no text";
    EXPECT_EQ(count_cells("\xe6\x97"), 2u) << "a character cut short";
}

TEST(Width, WalksByCharactersBothWays) {
    const std::string text = "ae\u0301日\xff🦊";
    std::vector<std::size_t> forwards;
    for (std::size_t at = 0; at < text.size();) forwards.push_back(at = next_character(text, at));
    std::vector<std::size_t> backwards;
    for (std::size_t at = text.size(); at > 0;) backwards.insert(backwards.begin(), at = previous_character(text, at));
    EXPECT_EQ(forwards, (std::vector<std::size_t>{1, 4, 7, 8, 12}));
    EXPECT_EQ(backwards, (std::vector<std::size_t>{0, 1, 4, 7, 8}));
    EXPECT_EQ(next_character(text, 99), text.size());
    EXPECT_EQ(previous_character(text, 0), 0u);
}

TEST(Width, FitsWhatThereIsRoomFor) {
    EXPECT_EQ(fit("hello", 3), "hel");
    EXPECT_EQ(fit("日本", 3), "日") << "half a character is none";
    EXPECT_EQ(fit("e\u0301x", 1), "e\u0301");
    EXPECT_EQ(fit("x", 0), "");
}

TEST(Width, WrapsAtSpaces) {
    using Rows = std::vector<std::string>;
    EXPECT_EQ(wrap("", 10, 10), Rows{""});
    EXPECT_EQ(wrap("one two three", 8, 8), (Rows{"one two", "three"}));
    EXPECT_EQ(wrap("one two three", 4, 8), (Rows{"one", "two", "three"})) << "the first row has a head";
    EXPECT_EQ(wrap("one two three", 8, 6), (Rows{"one two", "three"})) << "a head shorter than the margin";
    EXPECT_EQ(wrap("abcdefghij", 4, 4), (Rows{"abcd", "efgh", "ij"}));
    EXPECT_EQ(wrap("日本語日本語", 5, 5), (Rows{"日本", "語日", "本語"}));
    EXPECT_EQ(wrap("a    b", 2, 2), (Rows{"a ", " ", "b"})) << "a space goes at each break";
    EXPECT_EQ(wrap("日", 0, 0), Rows{"日"}) << "there is always room for one character";
}

}  // namespace
}  // namespace sotto::chat
