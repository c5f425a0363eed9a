// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <unistd.h>

#include <optional>

#include "base/escape.hpp"
#include "base/loop.hpp"
#include "base/task_group.hpp"
#include "chat_view.hpp"
#include "node/files.hpp"
#include "node/identity.hpp"
#include "signals.hpp"
#include "standard_input.hpp"
#include "verbs.hpp"

namespace sotto::app {
namespace {

constexpr std::size_t kMaxInputLine = 16 * 1024;

constexpr std::string_view kHelp[] = {
    "/peers   who this node is connected to",
    "/help    this",
    "/exit    leave (Ctrl-C too)",
    "marks: · sealing   → sent   ✓ a peer has it   ✗ failed",
};

/// A node without listeners and RPC; its identity is in memory unless there is a data directory.
struct Embedded {
    std::optional<node::DataDir> data_dir;
    std::unique_ptr<node::Node> node;

    static Result<Embedded> make(Env env, const ChatOptions& options) {
        Embedded embedded;
        node::RawSettings settings;
        settings["listen"] = {{"none"}, "--listen"};
        settings["rpc"] = {{"none"}, "--rpc"};
        if (!options.connect.empty()) settings["peer"] = {options.connect, "--connect"};
        SOTTO_TRY(const auto config, node::make_config(settings));
        SOTTO_TRY(const auto key, embedded.identity(env, options));
        SOTTO_TRY(embedded.node, node::Node::make(env, config, {key, key}));
        return embedded;
    }
    Result<crypto::PrivateKey> identity(Env env, const ChatOptions& options) {
        if (!options.data_dir) return node::generate_identity(*env.random);
        SOTTO_TRY(auto dir, node::DataDir::open(*options.data_dir));
        data_dir.emplace(std::move(dir));
        return node::load_identity(data_dir->path() / "identity", *env.random);
    }
};

/// Lines of a pipe or file are messages.
Task<void> read_plain(StandardInput& input, ChatSession& session) {
    std::string line;
    ByteArray<4096> buffer;
    for (;;) {
        const auto count = co_await input.read(buffer);
        for (const Byte byte : BytesView(buffer).first(count)) {
            if (byte != '\n') {
                if (line.size() < kMaxInputLine) line.push_back(static_cast<char>(byte));
                continue;
            }
            if (!line.empty()) session.say(std::exchange(line, {}));
        }
        if (count > 0) continue;
        if (!line.empty()) session.say(std::move(line));
        co_return;
    }
}

/// False: the person leaves.
bool on_line(TerminalView& view, ChatSession& session, std::string line, std::uint64_t now) {
    if (line.empty()) return true;
    if (!line.starts_with('/')) {
        const auto number = session.say(line);
        view.show_own(number, session.nick(), line, now);
        return true;
    }
    if (line == "/exit" || line == "/quit") return false;
    if (line == "/peers") {
        const auto lines = session.peer_lines();
        if (lines.empty()) view.show_line("no peers yet");
        for (const auto& text : lines) view.show_line(printable(text));
        return true;
    }
    if (line != "/help") view.show_line("there is no command " + printable(line));
    for (const auto text : kHelp) view.show_line(std::string(text));
    return true;
}

Task<void> read_terminal(StandardInput& input, TerminalView& view, ChatSession& session, Clock& clock) {
    ByteArray<4096> buffer;
    for (;;) {
        const auto count = co_await input.read(buffer);
        if (count == 0) co_return;
        for (const Byte byte : BytesView(buffer).first(count)) {
            const auto event = view.feed(static_cast<char>(byte));
            if (event == TerminalView::Input::quit) co_return;
            if (event == TerminalView::Input::more) continue;
            if (!on_line(view, session, view.take_line(), clock.wall().milliseconds())) co_return;
        }
    }
}

Task<void> end_on_signal(EndSignal& end, StandardInput& input) {
    co_await end.wait();
    input.close();
}

Task<int> chat(Env env, const ChatOptions& options, std::string channel, node::Node& node) {
    EndSignal end(env.executor);
    const bool terminal = ::isatty(STDIN_FILENO) == 1;
    std::unique_ptr<ChatView> view;
    TerminalView* person = nullptr;
    if (terminal) {
        auto made = std::make_unique<TerminalView>("#" + channel + " > ");
        person = made.get();
        view = std::move(made);
    } else {
        view = make_plain_view();
    }
    ChatSession session(node, channel, options.nick, *view);
    StandardInput input(env.executor);
    int code = kDone;
    auto talk = [&](TaskGroup& group) -> Task<Result<void>> {
        group.spawn(session.deliver());
        group.spawn(end_on_signal(end, input));
        if (person) {
            co_await read_terminal(input, *person, session, *env.clock);
        } else {
            co_await read_plain(input, session);
            co_await session.settle();
        }
        code = session.all_delivered() ? kDone : kFailed;
        co_return Result<void>{};
    };
    auto body = [&](TaskGroup& group) -> Task<Result<void>> {
        // Listening before anybody is connected: what a peer sends at once must be heard.
        SOTTO_CO_CHECK(co_await session.join());
        view->on_state("you are " + session.nick() + " in #" + channel +
                       (terminal ? "; /help lists the commands" : ""));
        group.spawn(node.run());
        auto talked = co_await with_group(env, 2, std::ref(talk));
        node.stop();
        co_await group.wait_all();
        co_return talked;
    };
    const auto ended = co_await with_group(env, 1, std::ref(body));
    if (!ended) code = report(ended.error());
    co_return code;
}

}  // namespace

int chat_verb(const ChatOptions& options, const Environment&) {
    auto channel = chat::channel_name(options.channel);
    if (!channel) return report(channel.error());
    log::configure(log::Level::warn, log::Format::text);
    Loop loop(worker_threads());
    auto embedded = Embedded::make(loop.env(), options);
    if (!embedded) return report(embedded.error());
    if (options.connect.empty()) {
        return report(Error(Errc::invalid_argument, "chat needs at least one node to connect to: --connect ADDR"));
    }
    return loop.run(chat(loop.env(), options, std::move(*channel), *embedded->node));
}

}  // namespace sotto::app
