// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <map>

#include "commands.hpp"
#include "describe.hpp"
#include "node/nearest.hpp"

namespace sotto::app {
namespace {

Environment read_environment() {
    Environment all;
    for (char** entry = environ; *entry; ++entry) all.emplace_back(*entry);
    return all;
}

std::string option_help(const node::SettingInfo& info) {
    std::string help(info.help);
    if (info.repeatable) help += "; may be repeated";
    return help + " (default: " + std::string(info.default_text) + ")";
}

using RunVerb = int (*)(const node::RawSettings&, const Environment&);

void add_run(CLI::App& app, Action& action, const Environment& environment) {
    auto* run = app.add_subcommand("run", "Start a node on both networks; it stays in the foreground until Ctrl-C");
    auto flags = std::make_shared<node::RawSettings>();
    for (const auto& info : node::setting_table()) {
        const std::string name(info.name);
        const auto flag = "--" + name;
        if (info.value.empty()) {
            run->add_flag_callback(flag, [flags, name, flag] { (*flags)[name] = {{"true"}, flag}; }, option_help(info));
            continue;
        }
        const auto take = [flags, name, flag](const std::vector<std::string>& values) {
            (*flags)[name] = {values, flag};
        };
        auto* option = run->add_option_function<std::vector<std::string>>(flag, take, option_help(info));
        option->type_name(std::string(info.value))->allow_extra_args(false);
        if (!info.repeatable) option->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    }
    auto verb = std::make_shared<RunVerb>(run_verb);
    auto* check = run->add_flag_callback(
        "--check",
        [verb] { *verb = check_verb; },
        "read settings, identity and data directory, bind nothing, print ok");
    run->add_flag_callback(
           "--print-config",
           [verb] { *verb = print_config_verb; },
           "print the settings in force as sotto.toml, with the source of each; with --json as one object")
        ->excludes(check);
    run->footer(
        "Every flag but --check and --print-config is also a variable and a key of sotto.toml: --log-level is "
        "SOTTO_LOG_LEVEL and log-level. Only --config-file is no key: the file does not name itself.");
    run->callback([=, &action, &environment] { action = [=, &environment] { return (*verb)(*flags, environment); }; });
}

void add_chat(CLI::App& app, Action& action, const Environment& environment) {
    auto* chat = app.add_subcommand("chat", "Talk in channels and to people, with a node of its own or a running one");
    auto options = std::make_shared<ChatOptions>();
    chat->add_option("conversation", options->conversations, "channels '#lobby', people by key 0x04…")->required();
    chat->add_option("--connect", options->connect, "enode:// URL or multiaddr of a node; may be repeated")
        ->type_name("ADDR")
        ->allow_extra_args(false);
    chat->add_option("--rpc", options->rpc, "a running node's RPC, instead of a node of its own")->type_name("URL");
    chat->add_option("--nick", options->nick, "the name that others see (default: a part of the key)")
        ->type_name("NICK");
    chat->add_option("--data-dir", options->data_dir, "keep keys and contacts there (default: fresh ones, in memory)")
        ->type_name("DIR");
    chat->add_option("--history", options->history, "keep what is said in this file (default: nothing is kept)")
        ->type_name("FILE");
    chat->callback([&action, options, &environment] {
        action = [options, &environment] { return chat_verb(*options, environment); };
    });
}

void add_rpc_options(CLI::App* verb, const std::shared_ptr<RpcOptions>& options) {
    verb->add_option("--rpc", options->url, "the node's RPC (default: the node that runs on the data directory)")
        ->type_name("URL");
    verb->add_option("--data-dir",
                     options->data_dir,
                     "the running node's data directory; the node at another --rpc than its own gets its token only "
                     "when this is given")
        ->type_name("DIR");
}

void add_rpc_verbs(CLI::App& app, Action& action, const Environment& environment) {
    auto options = std::make_shared<RpcOptions>();
    auto channel = std::make_shared<std::string>();
    auto text = std::make_shared<std::string>();

    auto* send = app.add_subcommand("send", "Send one message to a channel through a running node");
    send->add_option("channel", *channel, "the channel, '#lobby'")->required();
    send->add_option("text", *text, "the message")->required();
    add_rpc_options(send, options);
    send->callback([=, &action, &environment] {
        action = [=, &environment] { return send_verb(*options, *channel, *text, environment); };
    });

    auto* listen =
        app.add_subcommand("listen", "Print the messages of a channel as JSON lines, through a running node");
    listen->add_option("channel", *channel, "the channel, '#lobby'")->required();
    add_rpc_options(listen, options);
    listen->callback([=, &action, &environment] {
        action = [=, &environment] { return listen_verb(*options, *channel, environment); };
    });

    auto* peers = app.add_subcommand("peers", "Print the peers of a running node");
    peers->add_flag("--json", options->json, "as JSON");
    add_rpc_options(peers, options);
    peers->callback(
        [=, &action, &environment] { action = [=, &environment] { return peers_verb(*options, environment); }; });

    auto* page = app.add_subcommand("page", "Print a link to the page of a running node: good once, for ten minutes");
    add_rpc_options(page, options);
    page->callback(
        [=, &action, &environment] { action = [=, &environment] { return page_verb(*options, environment); }; });
}

void add_ping(CLI::App& app, Action& action) {
    auto* ping = app.add_subcommand("ping", "Measure round trips: libp2p ping or devp2p base ping, by the address");
    auto options = std::make_shared<PingOptions>();
    ping->add_option("address", options->address, "enode:// URL or multiaddr with /p2p/")->required();
    ping->add_option("-c", options->count, "how many")->type_name("N")->capture_default_str();
    ping->add_option("-i", options->interval, "seconds between them")->type_name("SECONDS")->capture_default_str();
    ping->add_flag("--json", options->json, "one JSON object a line");
    ping->callback([&action, options] { action = [options] { return ping_verb(*options); }; });
}

/// Null when there is none of that name.
const CLI::App* find_verb(const CLI::App& app, const std::string& name) {
    const auto found = app.get_subcommands([&](const CLI::App* verb) { return verb->get_name() == name; });
    return found.empty() ? nullptr : found.front();
}

/// Names the first word that nothing takes, and what is nearest to it. Empty when every word is known.
std::string unknown_word(const CLI::App& app, const std::vector<std::string>& arguments) {
    const CLI::App* verb = &app;
    for (const auto& argument : arguments) {
        const auto word = argument.substr(0, argument.find('='));
        const bool flag = word.starts_with("--");
        if (const auto* next = find_verb(*verb, word)) verb = next;
        const auto verbs = verb->get_subcommands([](const CLI::App*) { return true; });
        if (verb->get_name() == word || verb->get_option_no_throw(word) || (!flag && verbs.empty())) continue;
        std::vector<std::string> names;
        for (const auto* option : verb->get_options()) {
            if (flag && !option->get_lnames().empty()) names.push_back("--" + option->get_lnames().front());
        }
        for (const auto* next : verbs) {
            if (!flag) names.push_back(next->get_name());
        }
        const std::vector<std::string_view> candidates(names.begin(), names.end());
        return std::string(flag ? "there is no flag '" : "there is no verb '") + word + "'; did you mean '" +
               std::string(node::nearest(word, candidates)) + "'?";
    }
    return {};
}

int print(const Result<std::string>& text) {
    if (!text) return report(text.error());
    std::cout << *text << std::flush;
    return std::cout ? kDone : kFailed;
}

void add_help(CLI::App& app, Action& action) {
    auto* version = app.add_subcommand("version", "Print the version");
    auto json = std::make_shared<bool>(false);
    version->add_flag("--json", *json, "as JSON");
    version->callback([&action, json] { action = [json] { return version_verb(*json); }; });

    auto* help = app.add_subcommand("help", "Explain a verb, or `limits`");
    auto verb = std::make_shared<std::string>();
    auto man = std::make_shared<bool>(false);
    auto shell = std::make_shared<std::string>();
    help->add_option("verb", *verb, "the verb");
    help->add_flag("--man", *man, "print the manual page, for man(7)");
    help->add_option("--completion", *shell, "print the completions for a shell: bash, zsh or fish")
        ->type_name("SHELL");
    help->callback([&app, &action, verb, man, shell] {
        action = [&app, verb, man, shell] {
            if (*man) return print(manual(describe(app)));
            if (!shell->empty()) return print(completion(describe(app), *shell));
            if (*verb == "limits") return limits_verb();
            const auto* target = verb->empty() ? &app : find_verb(app, *verb);
            if (!target) return report(Error(Errc::invalid_argument, unknown_word(app, {*verb}) + " See: sotto help"));
            // App::help() would explain `help` itself. `key` has verbs of its own: their flags belong on its page.
            const auto mode = target == &app ? CLI::AppFormatMode::Normal : CLI::AppFormatMode::All;
            std::cout << app.get_formatter()->make_help(target, target == &app ? "sotto" : "sotto " + *verb, mode);
            return kDone;
        };
    });
}

int main_verb(int argc, char** argv) {
    const auto environment = read_environment();
    Action action;
    CLI::App app("Sotto: private messages over libp2p and devp2p at once", "sotto");
    app.require_subcommand(1);
    add_run(app, action, environment);
    add_chat(app, action, environment);
    add_rpc_verbs(app, action, environment);
    add_ping(app, action);
    add_key(app, action, environment);
    add_help(app, action);
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& asked_for_help) {
        return app.exit(asked_for_help);
    } catch (const CLI::ParseError& error) {
        const std::vector<std::string> arguments(argv + 1, argv + argc);
        const auto unknown = unknown_word(app, arguments);
        return report(Error(Errc::invalid_argument,
                            (unknown.empty() ? error.what() + std::string(".") : unknown) + " See: sotto help"));
    }
    return action();
}

/// A busy connection takes and gives back buffers of some 256 KiB. As it comes, glibc returns them to the kernel each
/// time, and the page faults cost more than the cryptography.
void keep_freed_buffers() {
    constexpr int kKept = 4 * 1024 * 1024;
    mallopt(M_MMAP_THRESHOLD, kKept);
    mallopt(M_TRIM_THRESHOLD, kKept);
}

/// Neither a core file nor another process of this user shall give away the keys in memory. Lowering these cannot fail.
void keep_memory_private() {
    const rlimit no_core_file{};
    (void)::setrlimit(RLIMIT_CORE, &no_core_file);
    (void)::prctl(PR_SET_DUMPABLE, 0);
}

}  // namespace
}  // namespace sotto::app

int main(int argc, char** argv) {
    sotto::app::keep_memory_private();
    sotto::app::keep_freed_buffers();
    return sotto::app::main_verb(argc, argv);
}
