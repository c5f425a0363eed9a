// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <sys/stat.h>

#include <csignal>
#include <optional>

#include "base/loop.hpp"
#include "base/task_group.hpp"
#include "chat_console.hpp"
#include "crypto/hash.hpp"
#include "messenger/contact_book.hpp"
#include "messenger/embedded.hpp"
#include "messenger/remote.hpp"
#include "node/config.hpp"
#include "node/files.hpp"
#include "node/identity.hpp"
#include "signals.hpp"
#include "standard_input.hpp"
#include "token.hpp"
#include "verbs.hpp"

namespace sotto::app {
namespace {

constexpr std::size_t kMaxInputLine = 16 * 1024;

/// Who chats, and what is kept of it. Nothing is without a data directory.
struct Person {
    messenger::Secret secret{};
    std::optional<std::filesystem::path> contacts;
    std::unique_ptr<messenger::History> history;

    Person() = default;
    Person(Person&&) = default;
    Person& operator=(Person&&) = delete;
    ~Person() { crypto::wipe(secret); }

    /// A key of its own: the node's would tie what one says to where one's node is.
    static Result<Person> make(Env env, const ChatOptions& options) {
        Person person;
        SOTTO_TRY(const auto key, load_key(env, options));
        if (key.type() != crypto::KeyType::secp256k1) {
            return fail(Errc::invalid_argument, "chat-identity in the data directory is no secp256k1 key");
        }
        person.secret = key.secret();
        if (options.data_dir) person.contacts = std::filesystem::path(*options.data_dir) / "chat-contacts";
        if (options.history) {
            SOTTO_TRY(person.history, messenger::History::open(*options.history));
        }
        return person;
    }
    static Result<crypto::PrivateKey> load_key(Env env, const ChatOptions& options) {
        if (!options.data_dir) return node::generate_identity(*env.random);
        return node::load_identity(std::filesystem::path(*options.data_dir) / "chat-identity", *env.random);
    }
};

/// A node without listeners and RPC; its identity is in memory unless there is a data directory.
struct OwnNode {
    std::optional<node::DataDir> data_dir;
    std::unique_ptr<node::Node> node;

    static Result<OwnNode> make(Env env, const ChatOptions& options) {
        OwnNode own;
        node::RawSettings settings;
        settings["listen"] = {{"none"}, "--listen"};
        settings["rpc"] = {{"none"}, "--rpc"};
        if (!options.connect.empty()) settings["peer"] = {options.connect, "--connect"};
        SOTTO_TRY(const auto config, node::make_config(settings));
        SOTTO_TRY(const auto key, own.identity(env, options));
        SOTTO_TRY(own.node, node::Node::make(env, config, {key, key}));
        return own;
    }
    Result<crypto::PrivateKey> identity(Env env, const ChatOptions& options) {
        if (!options.data_dir) return node::generate_identity(*env.random);
        SOTTO_TRY(auto dir, node::DataDir::open(*options.data_dir));
        data_dir.emplace(std::move(dir));
        return node::load_identity(data_dir->path() / "identity", *env.random);
    }
};

/// The ids under which the session will know what was named. Errors are those of the names.
Result<std::set<std::string>> ids_of(const std::vector<std::string>& names) {
    std::set<std::string> ids;
    for (const auto& name : names) {
        SOTTO_TRY(auto conversation, messenger::conversation_with(name));
        ids.insert(std::move(conversation.id));
    }
    return ids;
}

/// Lines of a pipe or file are messages to the first conversation.
Task<void> read_plain(StandardInput& input, messenger::Session& session) {
    auto& to = *session.conversations().front();
    std::string line;
    ByteArray<4096> buffer;
    for (;;) {
        const auto count = co_await input.read(buffer);
        for (const Byte byte : BytesView(buffer).first(count)) {
            if (byte != '\n') {
                if (line.size() < kMaxInputLine) line.push_back(static_cast<char>(byte));
                continue;
            }
            if (!line.empty()) session.say(to, std::exchange(line, {}));
        }
        if (count > 0) continue;
        if (!line.empty()) session.say(to, std::move(line));
        co_return;
    }
}

Task<void> end_on_signal(EndSignal& end, StandardInput& input) {
    co_await end.wait();
    input.close();
}

void keep_contacts(const Person& person, const messenger::Session& session, messenger::View& view) {
    if (!person.contacts) return;
    std::vector<chat::Key> contacts;
    for (const auto& conversation : session.conversations()) {
        if (conversation->contact && conversation->listening) contacts.push_back(conversation->contact->key);
    }
    const auto kept = messenger::write_contacts(*person.contacts, contacts);
    if (!kept) view.on_news("the contacts are not kept: " + kept.error().message());
}

/// What was named first, then the people of earlier runs.
Task<Result<void>> open_all(const ChatOptions& options, const Person& person, messenger::Session& session) {
    for (const auto& name : options.conversations) {
        SOTTO_CO_CHECK(co_await session.open(name));
    }
    if (!person.contacts) co_return Result<void>{};
    SOTTO_CO_TRY(const auto contacts, messenger::read_contacts(*person.contacts));
    for (const auto& contact : contacts) {
        SOTTO_CO_CHECK(co_await session.open(chat::key_text(contact), true));
    }
    co_return Result<void>{};
}

std::string titles_of(const messenger::Session& session, std::size_t count) {
    std::string titles;
    for (std::size_t i = 0; i < count && i < session.conversations().size(); ++i) {
        titles += (i > 0 ? ", " : "") + session.conversations()[i]->title();
    }
    return titles;
}

Task<int> chat(Env env, const ChatOptions& options, messenger::Backend& backend, Person& person) {
    EndSignal end(env.executor);
    const auto ids = ids_of(options.conversations);
    std::unique_ptr<Console> console;
    std::unique_ptr<messenger::View> plain;
    if (is_full_terminal()) console = std::make_unique<Console>(env, backend, person.history != nullptr);
    if (!console) plain = make_plain_view(*ids);
    messenger::View& view = console ? *console : *plain;
    messenger::Session session(env, backend, person.secret, options.nick, view, person.history.get());
    if (console) console->attach(session);
    StandardInput input(env.executor);
    int code = kDone;
    auto talk = [&](TaskGroup& group) -> Task<Result<void>> {
        group.spawn(session.deliver());
        group.spawn(end_on_signal(end, input));
        if (console) {
            group.spawn(on_each_signal(SIGWINCH, [&] { console->resize(); }));
            group.spawn(console->draw());
            co_await console->run(input);
        } else {
            co_await read_plain(input, session);
            co_await session.settle();
        }
        code = session.all_delivered() ? kDone : kFailed;
        co_return Result<void>{};
    };
    auto body = [&](TaskGroup& group) -> Task<Result<void>> {
        // Listening before anybody is connected: what a peer sends at once must be heard.
        SOTTO_CO_CHECK(co_await session.start());
        SOTTO_CO_CHECK(co_await open_all(options, person, session));
        auto keep = [&] { keep_contacts(person, session, view); };
        const auto subscription = session.contacts_changed.subscribe(keep);
        if (plain) {
            view.on_news("you are " + session.nick() + " in " + titles_of(session, ids->size()));
            view.on_news("others write to you at " + chat::key_text(session.key()));
        }
        group.spawn(backend.run());
        auto talked = co_await with_group(env, 4, std::ref(talk));
        backend.stop();
        co_await group.wait_all();
        co_return talked;
    };
    const auto ended = co_await with_group(env, 1, std::ref(body));
    console.reset();
    if (!ended) code = report(ended.error());
    co_return code;
}

int chat_over_own_node(Loop& loop, const ChatOptions& options) {
    if (options.connect.empty()) {
        return report(Error(Errc::invalid_argument,
                            "chat needs at least one node to connect to: --connect ADDR, or a running one: --rpc URL"));
    }
    auto own = OwnNode::make(loop.env(), options);
    if (!own) return report(own.error());
    auto person = Person::make(loop.env(), options);
    if (!person) return report(person.error());
    messenger::Embedded backend(*own->node);
    return loop.run(chat(loop.env(), options, backend, *person));
}

/// Without the data directory's token peers have no names.
int chat_over_rpc(Loop& loop, const ChatOptions& options, const Environment& environment) {
    if (!options.connect.empty()) {
        return report(Error(Errc::invalid_argument, "--connect is for a node of chat's own: leave it out with --rpc"));
    }
    node::RawSettings flags;
    if (options.data_dir) flags["data-dir"] = {{*options.data_dir}, "--data-dir"};
    const auto config = node::load_config(std::move(flags), environment);
    if (!config) return report(config.error());
    // It may well be the directory of the running node, which holds it.
    if (options.data_dir) ::mkdir(options.data_dir->c_str(), 0700);
    auto person = Person::make(loop.env(), options);
    if (!person) return report(person.error());
    auto token = token_for(*options.rpc, config->data_dir, options.data_dir.has_value());
    messenger::Remote backend(loop.env(), *options.rpc, std::move(token));
    return loop.run(chat(loop.env(), options, backend, *person));
}

}  // namespace

int chat_verb(const ChatOptions& options, const Environment& environment) {
    const auto ids = ids_of(options.conversations);
    if (!ids) return report(ids.error());
    if (options.nick.size() > chat::kMaxNick) {
        return report(
            Error(Errc::invalid_argument, "--nick takes at most 64 bytes: others would not read the message"));
    }
    log::configure(log::Level::warn, log::Format::text);
    Loop loop(worker_threads());
    return options.rpc ? chat_over_rpc(loop, options, environment) : chat_over_own_node(loop, options);
}

}  // namespace sotto::app
