// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "describe.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "node/limits.hpp"

namespace sotto::app {
namespace {

FlagText describe_flag(const CLI::Option& option) {
    FlagText flag;
    for (const auto& name : option.get_lnames()) flag.names.push_back("--" + name);
    for (const auto& name : option.get_snames()) flag.names.push_back("-" + name);
    flag.help = option.get_description();
    if (option.get_items_expected_max() == 0) return flag;
    flag.value = option.get_type_name();
    if (const auto value = option.get_default_str(); !value.empty()) flag.help += " (default: " + value + ")";
    return flag;
}

std::vector<const CLI::App*> verbs_of(const CLI::App& app) {
    return app.get_subcommands([](const CLI::App*) { return true; });
}

VerbText describe_verb(const CLI::App& app, std::string path) {
    VerbText verb{std::move(path), app.get_name(), app.get_description(), {}, {}, {}};
    for (const auto* option : app.get_options()) {
        if (option->nonpositional()) {
            verb.flags.push_back(describe_flag(*option));
        } else {
            verb.arguments.push_back({option->get_name(true), option->get_description(), option->get_required()});
        }
    }
    for (const auto* next : verbs_of(app)) verb.verbs.push_back(next->get_name());
    return verb;
}

std::vector<std::string> limit_names() {
    std::vector<std::string> names;
    for (const auto& info : node::limit_table()) names.push_back(std::string(info.name) + "=");
    return names;
}

}  // namespace

CommandLine describe(const CLI::App& app) {
    CommandLine all;
    std::vector<std::pair<const CLI::App*, std::string>> waiting{{&app, app.get_name()}};
    while (!waiting.empty()) {
        const auto [next, path] = std::move(waiting.back());
        waiting.pop_back();
        all.push_back(describe_verb(*next, path));
        auto verbs = verbs_of(*next);
        std::ranges::reverse(verbs);  // the last to wait is the first to be described
        for (const auto* verb : verbs) waiting.emplace_back(verb, path + " " + verb->get_name());
    }
    return all;
}

std::vector<const VerbText*> below(const CommandLine& all, const VerbText& verb) {
    std::vector<const VerbText*> found;
    for (const auto& each : all) {
        if (each.path == verb.path + " " + each.name) found.push_back(&each);
    }
    return found;
}

Candidates candidates_for(const FlagText& flag) {
    using Kind = Candidates::Kind;
    const auto& name = flag.names.front();
    if (name == "--log-level") return {Kind::words, {"trace", "debug", "info", "warn", "error", "off"}};
    if (name == "--log-format") return {Kind::words, {"text", "json"}};
    if (name == "--pow-rule") return {Kind::words, {"eip627", "legacy", "both"}};
    if (name == "--serve") return {Kind::words, {"perf", "echo"}};
    if (name == "--completion") return {Kind::words, {"bash", "zsh", "fish"}};
    if (name == "--limit") return {Kind::words, limit_names()};
    if (flag.value == "FILE") return {Kind::files, {}};
    if (flag.value == "DIR") return {Kind::folders, {}};
    return {};
}

Candidates candidates_for(const CommandLine& all, const VerbText& verb, const ArgumentText& argument) {
    if (argument.name == "file") return {Candidates::Kind::files, {}};
    if (verb.name != "help") return {};
    Candidates verbs{Candidates::Kind::words, {"limits"}};
    const auto& names = all.front().verbs;
    verbs.words.insert(verbs.words.end(), names.begin(), names.end());
    return verbs;
}

std::string short_help(std::string_view help) {
    for (const std::string_view end : {" (default", "; ", ": "}) help = help.substr(0, help.find(end));
    return std::string(help);
}

Result<std::string> completion(const CommandLine& all, std::string_view shell) {
    if (shell == "bash") return bash_completion(all);
    if (shell == "zsh") return zsh_completion(all);
    if (shell == "fish") return fish_completion(all);
    return fail(Errc::invalid_argument,
                "--completion: there is none for '" + std::string(shell) + "'; one of bash, zsh, fish");
}

}  // namespace sotto::app
