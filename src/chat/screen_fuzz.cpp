// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <algorithm>

#include "base/fuzz.hpp"
#include "chat/screen.hpp"

/// Keys that anybody may paste, and text that anybody may send: the picture never holds what could steer a terminal.
SOTTO_FUZZ(chat_screen) {
    if (input.size() < 2) return;
    const std::size_t columns = 1 + input[0] % 120;
    const std::size_t rows = 1 + input[1] % 40;
    const auto text = sotto::text_of(input.subspan(2));
    sotto::chat::LineEditor editor;
    for (const char key : text) {
        if (editor.feed(key) == sotto::chat::LineEditor::Event::line) editor.take_line();
    }
    const auto clean = [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; };
    const auto picture = editor.render("> ", columns, rows);
    SOTTO_FUZZ_CHECK(!picture.rows.empty() && picture.rows.size() <= rows && picture.row < picture.rows.size());
    for (const auto& row : picture.rows) SOTTO_FUZZ_CHECK(std::ranges::all_of(row, clean));

    sotto::chat::Screen screen(false);
    screen.resize(rows, columns);
    sotto::chat::ScreenContent content;
    content.title = content.prompt = text;
    content.lines = {{.mark = "✓", .time = "10:00:00", .nick = std::string(text), .text = std::string(text)}};
    content.tabs = {{std::string(text), 1}};
    content.peers = {std::string(text)};
    const auto drawn = screen.draw(content, editor);
    const auto allowed = [&clean](char c) { return clean(c) || c == '\x1b'; };
    SOTTO_FUZZ_CHECK(std::ranges::all_of(drawn, allowed));
    SOTTO_FUZZ_CHECK(drawn.find("\x1b]") == std::string::npos);
}
