// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <fmt/format.h>

#include <algorithm>

#include "describe.hpp"

namespace sotto::app {
namespace {

using Kind = Candidates::Kind;

/// Text within single quotes, in which _arguments and _describe see no brackets and colons of theirs.
std::string quoted(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\'') {
            out += "'\\''";
            continue;
        }
        if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
        out += c;
    }
    return out;
}

/// ":message:action", as _arguments takes it.
std::string action(std::string_view message, const Candidates& candidates) {
    auto text = ":" + quoted(message) + ":";
    if (candidates.kind == Kind::files) return text + "_files";
    if (candidates.kind == Kind::folders) return text + "_files -/";
    if (candidates.kind == Kind::anything) return text;
    text += "(";
    for (const auto& word : candidates.words) text += (text.back() == '(' ? "" : " ") + quoted(word);
    return text + ")";
}

std::string function_name(const VerbText& verb) {
    auto name = "_" + verb.path;
    std::ranges::replace(name, ' ', '_');
    return name;
}

std::string flag_lines(const VerbText& verb) {
    std::string lines;
    for (const auto& flag : verb.flags) {
        const auto value = flag.value.empty() ? std::string() : action(flag.value, candidates_for(flag));
        for (const auto& name : flag.names)
            lines += fmt::format(" \\\n        '*{}[{}]{}'", name, quoted(short_help(flag.help)), value);
    }
    return lines;
}

/// A verb that has none below it.
std::string plain_function(const CommandLine& all, const VerbText& verb) {
    auto text = "\n" + function_name(verb) + "() {\n    _arguments" + flag_lines(verb);
    for (const auto& argument : verb.arguments)
        text += " \\\n        '" + action(argument.name, candidates_for(all, verb, argument)) + "'";
    return text + "\n}\n";
}

/// One that completes the verb below it, and hands on to that.
std::string parent_function(const CommandLine& all, const VerbText& verb) {
    auto text =
        "\n" + function_name(verb) + "() {\n    local state line\n    local -a verbs\n    _arguments -C" +
        flag_lines(verb) +
        " \\\n        '1:verb:->verb' '*::argument:->argument'\n    case $state in\n    verb)\n        verbs=(\n";
    std::string cases;
    for (const auto* next : below(all, verb)) {
        text += fmt::format("            '{}:{}'\n", quoted(next->name), quoted(short_help(next->help)));
        cases += fmt::format("        {}) {} ;;\n", next->name, function_name(*next));
    }
    return text + "        )\n        _describe verb verbs\n        ;;\n    argument)\n        case $line[1] in\n" +
           cases + "        esac\n        ;;\n    esac\n}\n";
}

}  // namespace

std::string zsh_completion(const CommandLine& all) {
    std::string text = "#compdef sotto\n# zsh completion for sotto; made by `sotto help --completion zsh`\n";
    for (const auto& verb : all) text += verb.verbs.empty() ? plain_function(all, verb) : parent_function(all, verb);
    return text + "\nif [ \"$funcstack[1]\" = _sotto ]; then\n    _sotto \"$@\"\nelse\n    compdef _sotto sotto\nfi\n";
}

}  // namespace sotto::app
