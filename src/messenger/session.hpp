// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <memory>

#include "chat/payload.hpp"
#include "chat/seen.hpp"
#include "messenger/conversation.hpp"
#include "messenger/history.hpp"
#include "messenger/outbox.hpp"

namespace sotto::messenger {

/// What a person or a script sees of a chat. Whatever comes from others is as they wrote it: printable() is the view's
/// business.
class View {
  public:
    virtual ~View() = default;
    /// A new line, the last of the conversation: somebody else's, our own that was just said, or a notice.
    virtual void on_line(const Conversation& conversation) = 0;
    /// `number` is what say() returned; `why` is for failed.
    virtual void on_delivery(std::size_t number, Delivery delivery, const std::string& why) = 0;
    virtual void on_news(const std::string& text) = 0;
    /// Peers, names or conversations are others than before.
    virtual void on_change() {}
};

/// Several conversations over one backend: public channels and one-to-one, docs/protocols/chat.md. Opens the
/// conversation of a stranger who writes, up to a bound. Loop thread only.
class Session {
  public:
    /// All outlive the session. `history` may be null. Without a nick the key's first digits stand for one.
    Session(Env env, Backend& backend, const Secret& identity, std::string nick, View& view, History* history);
    ~Session();

    /// Hands the identity to the backend and listens for first contacts.
    Task<Result<void>> start();
    /// "#lobby", "lobby", "0x04…", "16Uiu2…": the conversation of that name, new or not. With `contacted` we have
    /// written to this person before, so that he may write on the negotiated topic. Errors: invalid_argument; busy at
    /// the bound.
    Task<Result<Conversation*>> open(std::string name, bool contacted = false);
    /// Queues a message, or fails it at once where others would not read it: too long, or no text. Follow it by its
    /// number.
    std::size_t say(Conversation& conversation, std::string text);
    /// The program's own words, shown among those of people; kept in no history.
    void note(Conversation& conversation, std::string text);
    /// Posts what was said, in order, until it is cancelled.
    Task<void> deliver() { return outbox_.run(); }
    /// Waits until every message is acknowledged, or sent to peers that confirm nothing, or failed.
    Task<void> settle() { return outbox_.settle(); }
    Task<void> wait_for_room() { return outbox_.wait_for_room(); }
    /// Lets settle() wait no longer than that: what nobody has by then fails.
    void leave_within(Duration grace) { outbox_.leave_within(grace); }
    std::size_t count_waiting() const noexcept { return outbox_.count_waiting(); }
    bool all_delivered() const noexcept { return !outbox_.any_failed(); }

    const std::vector<std::unique_ptr<Conversation>>& conversations() const noexcept { return conversations_; }
    const Key& key() const noexcept { return key_; }
    const std::string& nick() const noexcept { return nick_; }
    /// invalid_argument: empty; and the errors of chat::check_nick().
    Result<void> set_nick(std::string nick);
    /// Told when the list of people we have written to has changed.
    Signal<> contacts_changed;

  private:
    void on_incoming(const Incoming& message);
    void take_private(const Incoming& message, const chat::Message& decoded);
    void take(Conversation& conversation, const Incoming& message, const chat::Message& decoded);
    bool heard_from(Contact& contact, const Incoming& message, const chat::Message& decoded) const;
    Conversation* find(const std::string& id) const;
    Conversation* find_listening(std::size_t number) const;
    Result<Conversation*> add(Conversation conversation);
    Result<Conversation*> add_stranger(const Contact& contact);
    void append(Conversation& conversation, Line line);
    void on_delivery(std::size_t number, Delivery delivery, const std::string& why);

    Task<Result<void>> join(Conversation& conversation);
    Task<Result<void>> agree(Conversation& conversation);
    Task<Result<std::vector<Outgoing>>> envelopes_of(Conversation& conversation, std::string text);

    Env env_;
    Backend& backend_;
    Secret identity_;
    Key key_;
    std::string nick_;
    View& view_;
    History* history_;
    std::vector<std::unique_ptr<Conversation>> conversations_;
    std::optional<std::size_t> first_contacts_;  ///< the listening on our discovery topics
    chat::SeenIds seen_;
    Outbox outbox_;
    bool full_was_said_ = false;
    std::vector<Subscription> subscriptions_;
};

}  // namespace sotto::messenger
