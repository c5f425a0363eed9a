// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "chat/line_editor.hpp"

#include <gtest/gtest.h>

#include "chat/payload.hpp"

namespace sotto::chat {
namespace {

using Event = LineEditor::Event;

Event type(LineEditor& editor, std::string_view keys) {
    auto last = Event::none;
    for (const char key : keys) last = editor.feed(key);
    return last;
}

std::string line_after(std::string_view keys) {
    LineEditor editor;
    EXPECT_EQ(type(editor, std::string(keys) + "\r"), Event::line);
    return editor.take_line();
}

TEST(LineEditor, EditsInTheMiddle) {
    EXPECT_EQ(line_after("hello"), "hello");
    EXPECT_EQ(line_after("hllo\x1b[D\x1b[D\x1b[D"
                         "e"),
              "hello");
    EXPECT_EQ(line_after("xhello\x01\x1b[3~"), "hello");
    EXPECT_EQ(line_after("one two\x17three"), "one three");
    EXPECT_EQ(line_after("abc\x1b[H\x0b"
                         "d"),
              "d");
    EXPECT_EQ(line_after("abc\x15"
                         "d"),
              "d");
}

TEST(LineEditor, MovesByCharactersNotBytes) {
    EXPECT_EQ(line_after("a☃b\x7f\x7f"), "a");
    EXPECT_EQ(line_after("a☃b\x1b[D\x1b[D"
                         "x"),
              "ax☃b");
}

TEST(LineEditor, WalksThroughHistoryAndKeepsTheDraft) {
    LineEditor editor;
    type(editor, "one\rtwo\r");
    type(editor, "draft\x1b[A\x1b[A\r");
    EXPECT_EQ(editor.take_line(), "one");
    type(editor, "draft\x1b[A\x1b[B\r");
    EXPECT_EQ(editor.take_line(), "draft");
}

TEST(LineEditor, TellsWhatIsNoTextApart) {
    LineEditor editor;
    EXPECT_EQ(type(editor, "\x03"), Event::interrupt);
    EXPECT_EQ(type(editor, "\x04"), Event::end_of_input);
    EXPECT_EQ(type(editor, "\t"), Event::next_conversation);
    EXPECT_EQ(type(editor, "\x1b[5~"), Event::page_up);
    EXPECT_EQ(type(editor, "\x1b[6~"), Event::page_down);
    EXPECT_EQ(type(editor, "\x0c"), Event::redraw);
    EXPECT_EQ(type(editor,
                   "\x1b"
                   "3"),
              Event::chosen);
    EXPECT_EQ(editor.choice(), 3u);
    EXPECT_EQ(type(editor, "a\x04"), Event::none);
}

TEST(LineEditor, PassesOverUnknownSequences) {
    EXPECT_EQ(line_after("a\x1b[1;5Cb\x1bxc\x1b[99~d\x1bOPe\x1b[0123456789012345678f"), "abcde45678f");
}

TEST(LineEditor, BreaksLines) {
    EXPECT_EQ(line_after("one\x1b\rtwo"), "one\ntwo");
    EXPECT_EQ(line_after("one\\\rtwo"), "one\ntwo");
    EXPECT_EQ(line_after("a\\\x1b[Db"), "ab\\") << "only a backslash at the end breaks";
    EXPECT_EQ(line_after("\x1b[200~one\rtwo\tthree\x1b[201~"), "one\ntwo three");
}

TEST(LineEditor, BoundsTheLine) {
    const std::string most(kMaxText, 'a');
    EXPECT_EQ(line_after(most), most);
    LineEditor editor;
    EXPECT_EQ(type(editor, most + "b"), Event::too_long);
    EXPECT_EQ(type(editor, "c\x1b\r"), Event::none) << "said once";
    EXPECT_EQ(type(editor, "\r"), Event::too_long) << "not sent without a word";
    EXPECT_EQ(type(editor, "\r"), Event::line);
    EXPECT_EQ(editor.take_line(), most);
    EXPECT_EQ(type(editor, "d\r"), Event::line);
}

TEST(LineEditor, CutsNoCharacterAtTheBound) {
    const std::string almost(kMaxText - 2, 'a');
    LineEditor editor;
    type(editor, almost);
    EXPECT_EQ(type(editor, "\xe8"), Event::too_long);
    EXPECT_EQ(type(editor, "\xaa\x9e"), Event::none);
    EXPECT_EQ(type(editor, "é\r"), Event::line) << "for this one there is room";
    EXPECT_EQ(editor.take_line(), almost + "é");
}

TEST(LineEditor, LeavesOutAPasteThatIsTooLongAsAWhole) {
    LineEditor editor;
    EXPECT_EQ(type(editor, "see\x1b[200~" + std::string(kMaxText, 'x') + "\ry\x1b[201~"), Event::too_long);
    EXPECT_EQ(type(editor, "\r"), Event::too_long);
    EXPECT_EQ(type(editor, "\r"), Event::line);
    EXPECT_EQ(editor.take_line(), "see");
    EXPECT_EQ(type(editor, "\x1b[200~" + std::string(kMaxText, 'x') + "\x1b[201~"), Event::changed);
    EXPECT_EQ(type(editor, "\r"), Event::line);
    EXPECT_EQ(editor.take_line().size(), kMaxText);
}

TEST(LineEditor, TakesFromAPasteTheTextAlone) {
    EXPECT_EQ(line_after("ab\x1b[D\x1b[200~1\x15\x1b[D\x1b[200~\x7f☃\x1b[201~"), "a1☃b");
    LineEditor editor;
    EXPECT_EQ(type(editor, "\x1b[200~x\x03"), Event::interrupt);
}

struct Shown {
    std::vector<std::string> rows;
    std::size_t row;
    std::size_t column;
    bool operator==(const Shown&) const = default;
};

Shown shown(std::string_view keys, std::size_t columns = 12, std::size_t max_rows = 3) {
    LineEditor editor;
    type(editor, keys);
    const auto picture = editor.render("> ", columns, max_rows);
    return {picture.rows, picture.row, picture.column};
}

TEST(LineEditor, DrawsPromptTextAndCursor) {
    EXPECT_EQ(shown(""), (Shown{{"> "}, 0, 2}));
    EXPECT_EQ(shown("abc\x1b[D"), (Shown{{"> abc"}, 0, 4}));
    EXPECT_EQ(shown("abcdefghijk"), (Shown{{"> abcdefghi", "  jk"}, 1, 4}));
    EXPECT_EQ(shown("one\x1b\rtwo"), (Shown{{"> one", "  two"}, 1, 5}));
    EXPECT_EQ(shown("one\x1b\r"), (Shown{{"> one", "  "}, 1, 2}));
}

TEST(LineEditor, ShowsTheRowsAroundTheCursor) {
    EXPECT_EQ(shown("1\x1b\r2\x1b\r3\x1b\r4"), (Shown{{"  2", "  3", "  4"}, 2, 3}));
    EXPECT_EQ(shown("1\x1b\r2\x1b\r3\x1b\r4\x01"), (Shown{{"> 1", "  2", "  3"}, 0, 2}));
}

TEST(LineEditor, CountsCellsAndKeepsMarksWithTheirLetter) {
    EXPECT_EQ(shown("日本"), (Shown{{"> 日本"}, 0, 6}));
    EXPECT_EQ(shown("日本\x1b[D"), (Shown{{"> 日本"}, 0, 4}));
    EXPECT_EQ(shown("日本日本日"), (Shown{{"> 日本日本", "  日"}, 1, 4}));
    EXPECT_EQ(shown("e\u0301x"), (Shown{{"> e\u0301x"}, 0, 4}));
    EXPECT_EQ(line_after("e\u0301\x7fx"), "x");
    EXPECT_EQ(shown("a\xff"), (Shown{{"> a\uFFFD"}, 0, 4})) << "never a byte that is no text";
}

TEST(LineEditor, FitsIntoTheSmallestTerminal) {
    const auto picture = shown("hello", 1, 1);
    EXPECT_EQ(picture.rows.size(), 1u);
}

}  // namespace
}  // namespace sotto::chat
