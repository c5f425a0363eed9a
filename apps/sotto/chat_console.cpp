// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "chat_console.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>

namespace sotto::app {
namespace {

using messenger::Conversation;
using messenger::Delivery;
using messenger::Line;

constexpr Duration kFrame = std::chrono::milliseconds(16);
constexpr std::size_t kDefaultHistory = 20;
constexpr std::size_t kMaxEarlyNews = 100;
constexpr std::string_view kAction = "/me ";

constexpr std::string_view kHelp[] = {
    "/join #x            open a channel             Alt-1 to Alt-9, Tab   another conversation",
    "/msg 0x04… TEXT     write to a person          Alt-Enter, \\ Enter   another line",
    "/connect ADDR       dial another node: enode:// or multiaddr",
    "/nick NAME          what others see            Page Up, Page Down    what was said before",
    "/me TEXT            as an action               Ctrl-C, Ctrl-D        leave",
    "/contacts           people, and your own key",
    "/peers              who this node is connected to",
    "/history [N]        the last lines, with dates; kept with --history FILE",
    "/help               this",
    "/exit               leave",
    "A line that begins with // is text. Marks: · queued   ✓ a peer has been sent it   ✓✓ it has it   ! failed",
};

std::string_view mark_of(Delivery delivery) noexcept {
    switch (delivery) {
        case Delivery::queued:
            return "·";
        case Delivery::sent:
            return "✓";
        case Delivery::acknowledged:
            return "✓✓";
        case Delivery::failed:
            return "!";
    }
    return "";
}

chat::ScreenLine to_screen(const Line& line) {
    using Style = chat::ScreenLine::Style;
    const bool failed = line.own && !line.old && line.delivery == Delivery::failed;
    chat::ScreenLine shown;
    shown.style = line.notice ? Style::notice
                  : line.old  ? Style::old
                  : failed    ? Style::failed
                  : line.own  ? Style::own
                              : Style::message;
    if (line.own && !line.old) shown.mark = mark_of(line.delivery);
    if (!line.notice) shown.time = line.old ? date_and_time(line.milliseconds) : clock_time(line.milliseconds);
    shown.nick = line.nick;
    shown.text = line.text;
    if (!line.notice && line.text.starts_with(kAction)) {
        shown.text = "* " + line.nick + " " + line.text.substr(kAction.size());
        shown.nick.clear();
    }
    return shown;
}

std::string state_of(const messenger::Contact& contact) {
    if (contact.offered) return "on a topic of the two of you";
    if (contact.answers_on) return "answers where everybody reads";
    return "not heard from yet";
}

/// https://no-color.org
bool wants_colours() {
    const char* no_colour = std::getenv("NO_COLOR");
    return no_colour == nullptr || *no_colour == '\0';
}

/// "/msg 0x04 hello you" → "msg", "0x04 hello you".
std::pair<std::string, std::string> split(std::string_view text) {
    const auto end = std::min(text.find(' '), text.size());
    const auto rest = text.find_first_not_of(' ', end);
    return {std::string(text.substr(0, end)), std::string(rest == std::string_view::npos ? "" : text.substr(rest))};
}

}  // namespace

Console::Console(Env env, messenger::Backend& backend, bool keeps_history)
    : env_(env), backend_(backend), keeps_history_(keeps_history), screen_(wants_colours()), dirty_(env.executor) {
    resize();
}

void Console::resize() {
    const auto size = terminal_.size();
    screen_.resize(size.rows, size.columns);
    dirty_.notify();
}

Task<void> Console::draw() {
    for (;;) {
        co_await dirty_.wait();
        terminal_.write(screen_.draw(content(), editor_));
        co_await sleep_for(*env_.clock, kFrame);
    }
}

Task<void> Console::run(StandardInput& input) {
    for (auto& text : std::exchange(early_news_, {})) tell(text);
    tell("you are " + session_->nick() + " in " + current()->title() + "; /help lists the commands");
    tell("others write to you at " + chat::key_text(session_->key()));
    ByteArray<4096> buffer;
    for (;;) {
        const auto count = co_await input.read(buffer);
        if (count == 0) co_return;
        for (const Byte byte : BytesView(buffer).first(count)) {
            const auto event = editor_.feed(static_cast<char>(byte));
            if (event == Event::none) continue;
            dirty_.notify();
            const bool stays = co_await on_event(event);
            if (!stays) co_return;
        }
    }
}

Task<bool> Console::on_event(Event event) {
    switch (event) {
        case Event::interrupt:
        case Event::end_of_input:
            co_return false;
        case Event::line: {
            const bool stays = co_await on_input(editor_.take_line());
            co_return stays;
        }
        case Event::next_conversation:
            choose((current_ + 1) % session_->conversations().size());
            break;
        case Event::chosen:
            choose(editor_.choice() - 1);
            break;
        case Event::page_up:
            scroll(static_cast<std::ptrdiff_t>(screen_.window() / 2));
            break;
        case Event::page_down:
            scroll(-static_cast<std::ptrdiff_t>(screen_.window() / 2));
            break;
        case Event::redraw:
            screen_.forget();
            break;
        case Event::too_long:
            tell("a message has at most 64 KiB: what would be more is left out, and Enter sends what there is");
            break;
        case Event::none:
        case Event::changed:
            break;
    }
    co_return true;
}

// ---- what is shown ----

Conversation* Console::current() const {
    const auto& all = session_->conversations();
    return current_ < all.size() ? all[current_].get() : nullptr;
}

void Console::choose(std::size_t number) {
    if (number >= session_->conversations().size()) return;
    current_ = number;
    scrolled_ = 0;
    current()->unread = 0;
    dirty_.notify();
}

void Console::scroll(std::ptrdiff_t rows) {
    std::size_t all = 0;
    for (const auto& line : current()->lines) all += screen_.rows_of(to_screen(line));
    const auto most = all > screen_.window() ? static_cast<std::ptrdiff_t>(all - screen_.window()) : 0;
    scrolled_ =
        static_cast<std::size_t>(std::clamp(static_cast<std::ptrdiff_t>(scrolled_) + rows, std::ptrdiff_t{0}, most));
}

void Console::tell(const std::string& text) {
    session_->note(*current(), text);
}

void Console::on_line(const Conversation& conversation) {
    if (const auto* shown = current(); shown == &conversation) {
        current()->unread = 0;
        // What is being read stays where it is.
        if (scrolled_ > 0) scrolled_ += screen_.rows_of(to_screen(conversation.lines.back()));
    }
    dirty_.notify();
}

void Console::on_delivery(std::size_t, Delivery, const std::string& why) {
    if (!why.empty()) tell("not delivered: " + why);
    dirty_.notify();
}

void Console::on_news(const std::string& text) {
    if (session_ && current()) return tell(text);
    if (early_news_.size() < kMaxEarlyNews) early_news_.push_back(text);
}

std::vector<std::string> Console::peer_rows() const {
    std::vector<std::string> rows;
    for (const auto& peer : backend_.peers()) {
        rows.push_back(peer.network + (peer.network.empty() ? "" : " ") + peer.short_address());
        if (!peer.agent.empty()) rows.push_back("  " + peer.agent);
    }
    return rows;
}

chat::ScreenContent Console::content() const {
    chat::ScreenContent content;
    content.peers = peer_rows();
    for (const auto& conversation : session_->conversations()) {
        content.tabs.push_back({conversation->title(), conversation->unread});
    }
    const auto* shown = current();
    if (!shown) return content;
    content.current = current_;
    content.scrolled = scrolled_;
    content.title = " " + shown->title() + "  as " + session_->nick();
    if (shown->contact) content.title += "  (" + state_of(*shown->contact) + ")";
    content.prompt = shown->title() + " > ";
    for (const auto& line : shown->lines) content.lines.push_back(to_screen(line));
    return content;
}

// ---- what is said ----

/// False: the person leaves.
Task<bool> Console::on_input(std::string text) {
    if (text.empty()) co_return true;
    scrolled_ = 0;
    const bool command = text.starts_with('/') && !text.starts_with("//") && !text.starts_with(kAction);
    if (!command) {
        session_->say(*current(), text.starts_with("//") ? text.substr(1) : std::move(text));
        co_return true;
    }
    auto [name, rest] = split(text);
    if (name == "/exit" || name == "/quit") co_return false;
    co_await on_command(std::move(name), std::move(rest));
    co_return true;
}

Task<void> Console::on_command(std::string name, std::string rest) {
    if (name == "/join") co_return co_await join(std::move(rest), {});
    if (name == "/msg") {
        auto [whom, text] = split(rest);
        if (!chat::looks_like_key(whom)) co_return tell("whom? /msg 0x04… TEXT; /contacts lists who is known");
        co_return co_await join(std::move(whom), std::move(text));
    }
    if (name == "/connect") co_return connect(rest);
    if (name == "/nick") co_return set_nick(rest);
    if (name == "/contacts") co_return show_contacts();
    if (name == "/history") co_return show_history(rest);
    if (name == "/peers") co_return show_peers();
    if (name != "/help") tell("there is no command " + name);
    for (const auto text : kHelp) tell(std::string(text));
}

Task<void> Console::join(std::string name, std::string text) {
    const auto opened = co_await session_->open(std::move(name));
    if (!opened) co_return tell(opened.error().detail());
    const auto& all = session_->conversations();
    const auto place = std::ranges::find(all, *opened, [](const auto& one) { return one.get(); });
    choose(static_cast<std::size_t>(place - all.begin()));
    if (!text.empty()) session_->say(**opened, std::move(text));
}

void Console::connect(const std::string& address) {
    const auto dialled = backend_.connect(address);
    tell(dialled ? "dialling " + address : dialled.error().detail());
}

void Console::set_nick(const std::string& nick) {
    const auto set = session_->set_nick(nick);
    tell(set ? "you are " + session_->nick() : set.error().detail());
}

void Console::show_contacts() {
    tell("you: " + session_->nick() + "  " + chat::key_text(session_->key()));
    for (const auto& conversation : session_->conversations()) {
        if (!conversation->contact) continue;
        tell(conversation->title() + "  " + conversation->id + "  " + state_of(*conversation->contact));
    }
}

void Console::show_history(const std::string& count) {
    if (!keeps_history_) return tell("nothing is kept; start with --history FILE");
    std::size_t wanted = kDefaultHistory;
    const auto [end, error] = std::from_chars(count.data(), count.data() + count.size(), wanted);
    if (!count.empty() && (error != std::errc() || end != count.data() + count.size())) {
        return tell("/history takes a number");
    }
    std::vector<std::string> said;
    for (const auto& line : current()->lines) {
        if (!line.notice) said.push_back(date_and_time(line.milliseconds) + "  " + line.nick + ": " + line.text);
    }
    const auto first = said.size() - std::min(said.size(), wanted);
    for (auto i = first; i < said.size(); ++i) tell(said[i]);
}

void Console::show_peers() {
    const auto peers = backend_.peers();
    if (peers.empty()) tell("no peers yet");
    for (const auto& peer : peers) {
        tell(peer.network + (peer.network.empty() ? "" : "  ") + peer.address + "  " + peer.agent);
    }
}

}  // namespace sotto::app
