// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "chat_talk.hpp"

#include <fmt/format.h>

#include <csignal>
#include <cstdio>

#include "base/escape.hpp"
#include "base/task_group.hpp"
#include "chat/width.hpp"
#include "chat_console.hpp"
#include "crypto/hash.hpp"
#include "messenger/contact_book.hpp"
#include "signals.hpp"
#include "standard_input.hpp"

namespace sotto::app {
namespace {

// Of the 5 s within which a signal ends a chat: for what is still on its way, then for goodbyes, which take up to 2 s.
constexpr Duration kGrace = std::chrono::seconds(2);
constexpr Duration kGoodbye = std::chrono::milliseconds(2500);
constexpr std::size_t kMaxQuoted = 100;  // cells

std::set<std::string> ids_of(const std::vector<std::string>& names) {
    std::set<std::string> ids;
    for (const auto& name : names) {
        if (auto conversation = messenger::conversation_with(name)) ids.insert(std::move(conversation->id));
    }
    return ids;
}

class Talk {
  public:
    Talk(Env env, const ChatOptions& options, messenger::Backend& backend, Person& person)
        : env_(env),
          options_(options),
          backend_(backend),
          person_(person),
          ids_(ids_of(options.conversations)),
          end_(env.executor),
          input_(env.executor),
          console_(is_full_terminal() ? std::make_unique<Console>(env, backend, person.history != nullptr) : nullptr),
          plain_(console_ ? nullptr : make_plain_view(ids_)),
          session_(env, backend, person.secret, options.nick, view(), person.history.get()),
          changed_(env.executor) {
        if (console_) console_->attach(session_);
    }

    Task<int> run();

  private:
    messenger::View& view() noexcept { return console_ ? static_cast<messenger::View&>(*console_) : *plain_; }
    Task<void> end_on_signal();
    Task<void> serve();
    Task<Result<void>> open_all();
    Task<void> converse(TaskGroup& group);
    Task<void> read_plain();
    void leave();
    void keep_contacts();
    std::string titles() const;
    void print_undelivered() const;

    Env env_;
    const ChatOptions& options_;
    messenger::Backend& backend_;
    Person& person_;
    std::set<std::string> ids_;
    EndSignal end_;
    StandardInput input_;
    std::unique_ptr<Console> console_;  ///< exactly one of the two
    std::unique_ptr<messenger::View> plain_;
    messenger::Session session_;
    std::optional<Result<void>> served_;
    bool interrupted_ = false;
    bool conversing_ = false;
    bool leaving_ = false;
    Event changed_;
};

/// While nothing can be said yet there is nothing to wait for: a signal cancels whatever is under way.
Task<int> Talk::run() {
    auto body = [this](TaskGroup& group) -> Task<Result<void>> {
        group.spawn(end_on_signal());
        group.spawn(serve());
        while (!served_ && (conversing_ || !interrupted_)) co_await changed_.wait();
        co_return served_.value_or(Result<void>{});
    };
    const auto ended = co_await with_group(env_, 2, std::ref(body));
    const bool had_screen = console_ != nullptr;
    console_.reset();
    if (!ended) co_return report(ended.error());
    if (had_screen) print_undelivered();
    co_return session_.all_delivered() ? kDone : kFailed;
}

Task<void> Talk::end_on_signal() {
    co_await end_.wait();
    interrupted_ = true;
    input_.close();
    if (conversing_) leave();
    changed_.notify();
}

Task<void> Talk::serve() {
    auto body = [this](TaskGroup& group) -> Task<Result<void>> {
        // Listening before anybody is connected: what a peer sends at once must be heard.
        SOTTO_CO_CHECK(co_await session_.start());
        SOTTO_CO_CHECK(co_await open_all());
        const auto subscription = session_.contacts_changed.subscribe([this] { keep_contacts(); });
        if (plain_) {
            plain_->on_news("you are " + session_.nick() + " in " + titles());
            plain_->on_news("others write to you at " + chat::key_text(session_.key()));
        }
        conversing_ = true;
        group.spawn(backend_.run());
        auto talking = [this](TaskGroup& talkers) -> Task<Result<void>> {
            co_await converse(talkers);
            co_return Result<void>{};
        };
        (void)co_await with_group(env_, 3, std::ref(talking));
        backend_.stop();
        const auto limit = env_.clock->after(kGoodbye, [&group] { group.cancel(); });
        co_await group.wait_all();
        co_return Result<void>{};
    };
    served_ = co_await with_group(env_, 1, std::ref(body));
    changed_.notify();
}

/// What was named first, then the people of earlier runs.
Task<Result<void>> Talk::open_all() {
    for (const auto& name : options_.conversations) {
        SOTTO_CO_CHECK(co_await session_.open(name));
    }
    if (!person_.contacts) co_return Result<void>{};
    SOTTO_CO_TRY(const auto contacts, messenger::read_contacts(*person_.contacts));
    for (const auto& contact : contacts) {
        SOTTO_CO_CHECK(co_await session_.open(chat::key_text(contact), true));
    }
    co_return Result<void>{};
}

Task<void> Talk::converse(TaskGroup& group) {
    group.spawn(session_.deliver());
    if (console_) {
        group.spawn(on_each_signal(SIGWINCH, [this] { console_->resize(); }));
        group.spawn(console_->draw());
        co_await console_->run(input_);
        leave();
    } else {
        co_await read_plain();
    }
    co_await session_.settle();
}

/// Lines of a pipe or file are messages to the first conversation. One that is too long keeps a byte too many: it fails
/// as a whole.
Task<void> Talk::read_plain() {
    auto& to = *session_.conversations().front();
    std::string line;
    ByteArray<4096> buffer;
    while (!interrupted_) {
        const auto count = co_await input_.read(buffer);
        if (count == 0) break;
        for (const Byte byte : BytesView(buffer).first(count)) {
            if (byte != '\n') {
                if (line.size() <= chat::kMaxText) line.push_back(static_cast<char>(byte));
            } else if (!line.empty()) {
                session_.say(to, std::exchange(line, {}));
            }
        }
        co_await session_.wait_for_room();
    }
    // A line that a signal cuts off is none.
    if (!line.empty() && !interrupted_) session_.say(to, std::move(line));
}

void Talk::leave() {
    if (std::exchange(leaving_, true)) return;
    end_.end_at_next();
    if (console_) console_->leave();
    session_.leave_within(kGrace);
    const auto count = session_.count_waiting();
    if (count == 0) return;
    const auto what = count == 1 ? std::string("1 message is") : std::to_string(count) + " messages are";
    view().on_news(what + " still waiting to be delivered, for 2 s more; Ctrl-C ends it at once");
}

void Talk::keep_contacts() {
    if (!person_.contacts) return;
    std::vector<chat::Key> contacts;
    for (const auto& conversation : session_.conversations()) {
        if (conversation->contact && conversation->listening) contacts.push_back(conversation->contact->key);
    }
    const auto kept = messenger::write_contacts(*person_.contacts, contacts);
    if (!kept) view().on_news("the contacts are not kept: " + kept.error().message());
}

/// Of what was named on the command line.
std::string Talk::titles() const {
    std::string titles;
    for (std::size_t i = 0; i < ids_.size() && i < session_.conversations().size(); ++i) {
        titles += (i > 0 ? ", " : "") + session_.conversations()[i]->title();
    }
    return titles;
}

/// The screen has gone, and what it said with it.
void Talk::print_undelivered() const {
    for (const auto& conversation : session_.conversations()) {
        for (const auto& line : conversation->lines) {
            if (!line.own || line.old || line.delivery != messenger::Delivery::failed) continue;
            fmt::print(stderr,
                       "not delivered to {}: {}\n",
                       printable(conversation->title()),
                       chat::fit(printable(line.text), kMaxQuoted));
        }
    }
}

}  // namespace

Person::~Person() {
    crypto::wipe(secret);
}

Task<int> talk(Env env, const ChatOptions& options, messenger::Backend& backend, Person& person) {
    Talk talking(env, options, backend, person);
    co_return co_await talking.run();
}

}  // namespace sotto::app
