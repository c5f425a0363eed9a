// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <fmt/format.h>

#include "describe.hpp"

namespace sotto::app {
namespace {

using Kind = Candidates::Kind;

std::string quoted(std::string_view text) {
    std::string out = "'";
    for (const char c : text) {
        if (c == '\'' || c == '\\') out += '\\';
        out += c;
    }
    return out + "'";
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
    return text;
}

/// True while the cursor is after this verb and before one of those below it.
std::string condition(const VerbText& verb) {
    std::string test;
    // "sotto key show" -> key and show were said
    for (auto rest = std::string_view(verb.path); rest.contains(' ');) {
        rest.remove_prefix(rest.find(' ') + 1);
        test += fmt::format(
            "{}__fish_seen_subcommand_from {}", test.empty() ? "" : "; and ", rest.substr(0, rest.find(' ')));
    }
    if (verb.verbs.empty()) return test;
    return fmt::format("{}not __fish_seen_subcommand_from {}", test.empty() ? "" : test + "; and ", joined(verb.verbs));
}

std::string parameter(const Candidates& candidates) {
    switch (candidates.kind) {
        case Kind::words:
            return " -x -a " + quoted(joined(candidates.words));
        case Kind::files:
            return " -r -F";
        case Kind::folders:
            return " -x -a '(__fish_complete_directories)'";
        case Kind::anything:
            break;
    }
    return " -x";
}

std::string verb_lines(const CommandLine& all, const VerbText& verb) {
    std::string text;
    const auto when = "complete -c sotto -n " + quoted(condition(verb));
    for (const auto* next : below(all, verb))
        text += fmt::format("{} -f -a {} -d {}\n", when, next->name, quoted(short_help(next->help)));
    for (const auto& flag : verb.flags) {
        text += when;
        for (const auto& name : flag.names) {
            const bool is_long = name.starts_with("--");
            text += (is_long ? " -l " : " -s ") + name.substr(is_long ? 2 : 1);
        }
        text +=
            (flag.value.empty() ? "" : parameter(candidates_for(flag))) + " -d " + quoted(short_help(flag.help)) + "\n";
    }
    for (const auto& argument : verb.arguments) {
        const auto candidates = candidates_for(all, verb, argument);
        if (candidates.kind == Kind::words) text += when + " -f -a " + quoted(joined(candidates.words)) + "\n";
        if (candidates.kind == Kind::files) text += when + " -F\n";
    }
    return text;
}

}  // namespace

std::string fish_completion(const CommandLine& all) {
    std::string text = "# fish completion for sotto; made by `sotto help --completion fish`\ncomplete -c sotto -f\n";
    for (const auto& verb : all) text += verb_lines(all, verb);
    return text;
}

}  // namespace sotto::app
