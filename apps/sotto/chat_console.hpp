// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include "base/event.hpp"
#include "chat/screen.hpp"
#include "chat_terminal.hpp"
#include "chat_view.hpp"
#include "standard_input.hpp"

namespace sotto::app {

/// A chat on a whole terminal: keys and commands in, the screen out. Drawn at most 60 times a second, however much
/// strangers write. Loop thread only.
class Console final : public messenger::View {
  public:
    Console(Env env, messenger::Backend& backend, bool keeps_history);

    /// Before anything is shown; the session outlives run().
    void attach(messenger::Session& session) noexcept { session_ = &session; }
    /// Talks until the person leaves or the input ends.
    Task<void> run(StandardInput& input);
    /// Draws when there is something new, until it is cancelled.
    Task<void> draw();
    void resize();
    /// Ctrl-C means "now" from here on.
    void leave() const noexcept { terminal_.let_interrupt(); }

    void on_line(const messenger::Conversation& conversation) override;
    void on_delivery(std::size_t number, messenger::Delivery delivery, const std::string& why) override;
    void on_news(const std::string& text) override;
    void on_change() override { dirty_.notify(); }

  private:
    using Event = chat::LineEditor::Event;

    messenger::Conversation* current() const;
    void choose(std::size_t number);
    void scroll(std::ptrdiff_t rows);
    void tell(const std::string& text);
    Task<bool> on_event(Event event);
    Task<bool> on_input(std::string text);
    Task<void> on_command(std::string name, std::string rest);
    Task<void> join(std::string name, std::string text);
    void connect(const std::string& address);
    void set_nick(const std::string& nick);
    void show_contacts();
    void show_history(const std::string& count);
    void show_peers();
    std::vector<std::string> peer_rows() const;
    chat::ScreenContent content() const;

    Env env_;
    messenger::Backend& backend_;
    bool keeps_history_;
    messenger::Session* session_ = nullptr;
    RawTerminal terminal_;
    chat::Screen screen_;
    chat::LineEditor editor_;
    std::size_t current_ = 0;
    std::size_t scrolled_ = 0;
    std::vector<std::string> early_news_;  ///< from before there was a conversation
    sotto::Event dirty_;
};

}  // namespace sotto::app
