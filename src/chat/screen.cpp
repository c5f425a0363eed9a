// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "chat/screen.hpp"

#include <algorithm>

#include "base/escape.hpp"
#include "chat/width.hpp"

namespace sotto::chat {
namespace {

constexpr std::size_t kPaneColumns = 26;
constexpr std::size_t kMarkCells = 2;
// Further rows of a line begin behind the place of a time: no text can look like another line.
constexpr std::size_t kHang = kMarkCells + 1 + 9;
constexpr std::size_t kNoticeHang = kMarkCells + 1 + 2;
constexpr std::size_t kMaxRowsOfLine = 40;  // a stranger's message does not push all others away
constexpr std::size_t kMaxInputRows = 5;

constexpr std::string_view kDim = "2";
constexpr std::string_view kReverse = "7";
constexpr std::string_view kRed = "31";
constexpr std::string_view kGreen = "32";
constexpr std::string_view kCyan = "36";
constexpr std::string_view kBold = "1";

std::string place(std::size_t row, std::size_t column) {
    return "\x1b[" + std::to_string(row + 1) + ";" + std::to_string(column + 1) + "H";
}

std::string padded(std::string_view text, std::size_t cells) {
    const auto used = count_cells(text);
    return std::string(text) + std::string(cells > used ? cells - used : 0, ' ');
}

std::string tab_text(const ScreenContent& content, std::size_t number) {
    const auto& tab = content.tabs[number];
    auto text = std::to_string(number + 1) + " " + printable(tab.name);
    if (tab.unread > 0) text += " (" + std::to_string(tab.unread) + ")";
    return number == content.current ? "[" + text + "]" : " " + text + " ";
}

}  // namespace

void Screen::resize(std::size_t rows, std::size_t columns) {
    rows_ = std::max<std::size_t>(rows, 3);
    columns_ = std::max<std::size_t>(columns, 8);
    forget();
}

std::string Screen::paint(std::string_view attributes, std::string_view text) const {
    if (!colours_ || text.empty()) return std::string(text);
    return "\x1b[" + std::string(attributes) + "m" + std::string(text) + "\x1b[0m";
}

std::size_t Screen::text_columns() const noexcept {
    return columns_ >= kPaneFrom ? columns_ - kPaneColumns : columns_;
}

std::vector<std::string> Screen::layout(const ScreenLine& line) const {
    using Style = ScreenLine::Style;
    const auto whole_nick = printable(line.nick);
    const auto nick = std::string(fit(whole_nick, std::max<std::size_t>(text_columns() / 3, 8)));
    const auto mark = padded(line.mark, kMarkCells) + " ";
    const bool quiet = line.style == Style::notice || line.style == Style::old;
    const auto mark_colour = line.style == Style::failed ? kRed : kGreen;
    auto head = paint(mark_colour, mark) + paint(kDim, line.time) + (line.time.empty() ? "" : " ");
    auto cells = kMarkCells + 1 + count_cells(line.time) + (line.time.empty() ? 0 : 1);
    if (!nick.empty()) {
        const bool own = line.style == Style::own || line.style == Style::failed;
        head += quiet ? paint(kDim, nick + ":") : paint(own ? kGreen : kCyan, nick) + ":";
        head += " ";
        cells += count_cells(nick) + 2;
    }
    const auto columns = text_columns() - 1;
    const std::string margin(std::min(line.time.empty() ? kNoticeHang : kHang, columns / 3), ' ');
    std::vector<std::string> rows;
    std::string_view rest = line.text;
    for (bool more = true; more;) {
        const auto end = rest.find('\n');
        more = end != std::string_view::npos;
        const auto first = columns - std::min(columns, rows.empty() ? cells : margin.size());
        for (const auto& row : wrap(printable(rest.substr(0, end)), first, columns - margin.size())) {
            if (rows.size() == kMaxRowsOfLine) {
                rows.back() = margin + paint(kDim, "…");
                return rows;
            }
            rows.push_back((rows.empty() ? head : margin) + (quiet ? paint(kDim, row) : row));
        }
        rest.remove_prefix(more ? end + 1 : rest.size());
    }
    return rows;
}

std::size_t Screen::rows_of(const ScreenLine& line) const {
    return layout(line).size();
}

/// From the newest upwards, as many as there is room for.
std::vector<std::string> Screen::messages(const ScreenContent& content, std::size_t rows) const {
    std::vector<std::string> upwards;
    for (auto line = content.lines.rbegin(); line != content.lines.rend(); ++line) {
        auto laid_out = layout(*line);
        upwards.insert(upwards.end(), laid_out.rbegin(), laid_out.rend());
        if (upwards.size() >= rows + content.scrolled) break;
    }
    const auto below = upwards.size() > rows ? std::min(content.scrolled, upwards.size() - rows) : 0;
    upwards.erase(upwards.begin(), upwards.begin() + static_cast<std::ptrdiff_t>(below));
    if (upwards.size() > rows) upwards.resize(rows);
    std::ranges::reverse(upwards);
    upwards.insert(upwards.begin(), rows - upwards.size(), std::string());
    return upwards;
}

std::string Screen::pane_row(const ScreenContent& content, std::size_t row) const {
    std::string text;
    if (row == 0) text = content.peers.empty() ? "no peers yet" : "peers";
    if (row > 0 && row - 1 < content.peers.size()) text = printable(content.peers[row - 1]);
    return "\x1b[" + std::to_string(text_columns() + 1) + "G" + paint(kDim, "│ ") +
           (row == 0 ? paint(kBold, text) : std::string(fit(text, kPaneColumns - 3)));
}

std::string Screen::tab_row(const ScreenContent& content) const {
    std::size_t first = content.current;
    std::size_t cells = content.tabs.empty() ? 0 : count_cells(tab_text(content, first));
    while (first > 0) {
        const auto width = count_cells(tab_text(content, first - 1));
        if (cells + width > columns_ / 2) break;
        cells += width;
        --first;
    }
    std::string row;
    std::size_t room = columns_ - 1;
    for (std::size_t number = first; number < content.tabs.size() && room > 0; ++number) {
        const auto text = tab_text(content, number);
        const auto shown = fit(text, room);
        room -= count_cells(shown);
        const auto unread = content.tabs[number].unread > 0 ? kBold : kDim;
        row += paint(number == content.current ? kReverse : unread, shown);
    }
    return row;
}

std::string Screen::title_row(const ScreenContent& content) const {
    const auto text = printable(content.title) + (content.scrolled > 0 ? "  (scrolled up; Page Down returns)" : "");
    return paint(kReverse, padded(fit(text, columns_ - 1), columns_ - 1));
}

std::string Screen::draw(const ScreenContent& content, const LineEditor& input) {
    const auto max_input = std::min(kMaxInputRows, rows_ - 2);
    const auto prompt = printable(content.prompt);
    const auto picture = input.render(fit(prompt, columns_ / 2), columns_, max_input);
    const auto height = rows_ - 2 - picture.rows.size();
    const auto middle = messages(content, height);
    std::vector<std::string> rows{title_row(content)};
    for (std::size_t row = 0; row < height; ++row) {
        rows.push_back(middle[row] + (columns_ >= kPaneFrom ? pane_row(content, row) : std::string()));
    }
    rows.push_back(tab_row(content));
    rows.insert(rows.end(), picture.rows.begin(), picture.rows.end());

    std::string out = "\x1b[?25l";
    if (drawn_.size() != rows.size()) {
        drawn_.assign(rows.size(), std::string());
        out += "\x1b[2J";
    }
    for (std::size_t row = 0; row < rows.size(); ++row) {
        if (rows[row] == drawn_[row]) continue;
        out += place(row, 0) + "\x1b[K" + rows[row];
    }
    drawn_ = std::move(rows);
    return out + place(2 + height + picture.row, picture.column) + "\x1b[?25h";
}

}  // namespace sotto::chat
