// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "chat/screen.hpp"

#include <gmock/gmock.h>

#include <map>
#include <regex>

#include "chat/width.hpp"

namespace sotto::chat {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Style = ScreenLine::Style;

/// The rows that were drawn, by number from 1; knows no other sequences than a screen without colours may write.
std::map<std::size_t, std::string> rows_of(std::string out) {
    std::map<std::size_t, std::string> rows;
    static const std::regex kRow("\x1b\\[(\\d+);1H\x1b\\[K([^\x1b]*(\x1b\\[\\d+G[^\x1b]*)?)");
    for (std::sregex_iterator it(out.begin(), out.end(), kRow), end; it != end; ++it) {
        rows[std::stoul((*it)[1])] = (*it)[2];
    }
    const auto rest = std::regex_replace(out, kRow, "");
    static const std::regex kAround("\x1b\\[\\?25l(\x1b\\[2J)?\x1b\\[\\d+;\\d+H\x1b\\[\\?25h");
    EXPECT_TRUE(std::regex_match(rest, kAround)) << rest;
    return rows;
}

class ScreenTest : public ::testing::Test {
  protected:
    ScreenTest() {
        content_.title = "#lobby";
        content_.prompt = "#lobby > ";
        content_.tabs = {{"#lobby", 0}, {"#tea", 3}};
        screen_.resize(6, 40);
    }
    static ScreenLine line(std::string text, std::string nick = "bob") {
        return {.mark = "✓", .time = "10:00:00", .nick = std::move(nick), .text = std::move(text)};
    }
    std::map<std::size_t, std::string> draw() { return rows_of(screen_.draw(content_, input_)); }

    Screen screen_{false};
    ScreenContent content_;
    LineEditor input_;
};

TEST_F(ScreenTest, ShowsTitleMessagesConversationsAndInput) {
    content_.lines = {line("one"), line("two")};
    const auto rows = draw();
    ASSERT_EQ(rows.size(), 5u);
    EXPECT_THAT(rows.at(1), ::testing::StartsWith("#lobby "));
    EXPECT_FALSE(rows.contains(2)) << "the screen was cleared";
    EXPECT_EQ(rows.at(3), "✓  10:00:00 bob: one");
    EXPECT_EQ(rows.at(4), "✓  10:00:00 bob: two");
    EXPECT_EQ(rows.at(5), "[1 #lobby] 2 #tea (3) ");
    EXPECT_EQ(rows.at(6), "#lobby > ");
}

TEST_F(ScreenTest, DrawsOnlyWhatHasChanged) {
    content_.lines = {line("one")};
    draw();
    EXPECT_THAT(draw(), ElementsAre());
    content_.lines[0].mark = "✓✓";
    EXPECT_THAT(draw(), ElementsAre(std::pair<const std::size_t, std::string>(4, "✓✓ 10:00:00 bob: one")));
    screen_.forget();
    EXPECT_EQ(draw().size(), 4u);
}

TEST_F(ScreenTest, WrapsBelowTheTextAndScrolls) {
    content_.lines = {line("first"), line("the quick brown fox jumps over the lazy dog")};
    auto rows = draw();
    EXPECT_EQ(rows.at(3), "✓  10:00:00 bob: the quick brown fox");
    EXPECT_EQ(rows.at(4), "            jumps over the lazy dog");
    EXPECT_EQ(rows.at(2), "✓  10:00:00 bob: first");
    EXPECT_EQ(screen_.rows_of(content_.lines[1]), 2u);
    for (int i = 0; i < 10; ++i) content_.lines.push_back(line(std::to_string(i)));
    content_.scrolled = 4;
    rows = draw();
    EXPECT_EQ(rows.at(4), "✓  10:00:00 bob: 5");
    EXPECT_THAT(rows.at(1), HasSubstr("scrolled"));
    content_.scrolled = 10'000;
    EXPECT_EQ(draw().at(2), "✓  10:00:00 bob: first") << "no further than the oldest";
}

TEST_F(ScreenTest, ShowsLinesOfAMessageAndBoundsThem) {
    screen_.resize(100, 40);
    content_.lines = {line("a\nb")};
    EXPECT_EQ(draw().at(97), "✓  10:00:00 bob: a");
    EXPECT_EQ(screen_.rows_of(line("a\nb")), 2u);
    EXPECT_EQ(screen_.rows_of(line(std::string(60'000, '\n'))), 40u);
    EXPECT_EQ(screen_.rows_of(line(std::string(60'000, 'x'))), 40u);
}

TEST_F(ScreenTest, LetsNoTextLookLikeAnotherLine) {
    const std::string claim = "10:00:01 alice: I owe you";
    const auto forged = [&](const ScreenLine& line, std::size_t columns) {
        screen_.resize(30, columns);
        content_.lines = {line};
        for (const auto& [number, row] : draw()) {
            if (row.starts_with("   10:00:01")) return true;
        }
        return false;
    };
    for (const std::size_t columns : {40u, 60u, 120u}) {
        EXPECT_TRUE(forged({.time = "10:00:01", .nick = "alice", .text = "I owe you"}, columns)) << "a real one";
        EXPECT_FALSE(forged(line("x\n" + claim), columns));
        EXPECT_FALSE(forged({.style = Style::notice, .text = "11-24 10:00  bob: x\n" + claim}, columns));
        for (std::size_t fill = 1; fill < columns; ++fill) {
            EXPECT_FALSE(forged(line(std::string(fill, 'x') + " " + claim), columns)) << fill;
        }
    }
}

TEST_F(ScreenTest, LetsNobodySteerTheTerminal) {
    const std::string evil =
        "\x1b]0;x\x07\x1b[2J\xc2\x9b"
        "1m\u202e\u2066\r\n\x1b[?1049h";
    content_.lines = {line(evil, evil)};
    content_.title = content_.prompt = evil;
    content_.tabs = {{evil, 1}, {evil, 2}};
    content_.peers = {evil};
    for (const std::size_t columns : {8u, 40u, 100u}) {
        screen_.resize(8, columns);
        for (const auto& [number, row] : draw()) {
            EXPECT_THAT(row, Not(HasSubstr("\x07")));
            EXPECT_THAT(row, Not(HasSubstr("\u202e")));
            EXPECT_THAT(row, Not(HasSubstr("\r")));
            EXPECT_THAT(row, Not(HasSubstr("\n")));
        }
    }
}

TEST_F(ScreenTest, HasAPaneOfPeersWhereThereIsRoom) {
    content_.peers = {"libp2p 127.0.0.1:60000 with a very long name"};
    content_.lines = {line("hello")};
    screen_.resize(6, 80);
    auto rows = draw();
    EXPECT_EQ(rows.at(2), "\x1b[55G│ peers");
    EXPECT_EQ(rows.at(3), "\x1b[55G│ libp2p 127.0.0.1:60000 ");
    EXPECT_EQ(rows.at(4), "✓  10:00:00 bob: hello\x1b[55G│ ");
    content_.peers.clear();
    EXPECT_THAT(draw().at(2), HasSubstr("no peers yet"));
    screen_.resize(6, 75);
    EXPECT_EQ(draw().count(2), 0u);
}

TEST_F(ScreenTest, NeverWritesPastTheRightEdge) {
    content_.title = std::string(500, 't');
    content_.tabs.assign(100, {"#a-long-name", 7});
    content_.current = 60;
    content_.lines = {line(std::string(500, 'x') + " 日本語日本語日本語", std::string(64, 'n'))};
    content_.peers = {std::string(500, 'p')};
    for (const std::size_t columns : {20u, 40u, 75u, 76u, 120u}) {
        screen_.resize(10, columns);
        const auto rows = draw();
        for (const auto& [number, row] : rows) {
            const auto pane = row.find("\x1b[");
            EXPECT_LE(count_cells(row.substr(0, pane)), columns) << number;
            if (pane != std::string::npos) EXPECT_LE(count_cells(row.substr(row.find('G') + 1)), 26u);
        }
        if (columns >= 40) EXPECT_THAT(rows.at(9), HasSubstr("[61 #a-long-name (7)]"));
    }
}

TEST_F(ScreenTest, GivesTheInputItsRows) {
    for (const char key : std::string("one\x1b\rtwo")) input_.feed(key);
    const auto rows = draw();
    EXPECT_EQ(rows.at(5), "#lobby > one");
    EXPECT_EQ(rows.at(6), "         two");
    EXPECT_EQ(rows.at(4).substr(0, 10), "[1 #lobby]");
}

TEST(Screen, ColoursOnlyWhereTheyAreWanted) {
    ScreenContent content;
    content.lines = {{.style = Style::own, .time = "t", .nick = "n", .text = "x"}};
    EXPECT_THAT(Screen(true).draw(content, LineEditor()), HasSubstr("\x1b[32m"));
    EXPECT_FALSE(std::regex_search(Screen(false).draw(content, LineEditor()), std::regex("\x1b\\[\\d*m")));
}

}  // namespace
}  // namespace sotto::chat
