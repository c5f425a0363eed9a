// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "chat/line_editor.hpp"

#include <gtest/gtest.h>

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

TEST(LineEditor, TellsInterruptAndEndApart) {
    LineEditor editor;
    EXPECT_EQ(type(editor, "\x03"), Event::interrupt);
    EXPECT_EQ(type(editor, "\x04"), Event::end_of_input);
    EXPECT_EQ(type(editor, "a\x04"), Event::none);
}

TEST(LineEditor, IgnoresUnknownSequencesWithoutEatingText) {
    EXPECT_EQ(line_after("\x1b[1;5Cab\x1b[200~c"), "abc");
    EXPECT_EQ(line_after("\x1bxa"), "a");
}

TEST(LineEditor, ShowsThePartAroundTheCursor) {
    LineEditor editor;
    type(editor, "0123456789");
    EXPECT_EQ(editor.render("> ", 8), "\r\x1b[K> 56789\r\x1b[7C");
    type(editor, "\x01");
    EXPECT_EQ(editor.render("> ", 8), "\r\x1b[K> 01234\r\x1b[2C");
}

TEST(LineEditor, BoundsTheLine) {
    LineEditor editor;
    type(editor, std::string(100'000, 'a') + "\r");
    EXPECT_EQ(editor.take_line().size(), 16u * 1024);
}

}  // namespace
}  // namespace sotto::chat
