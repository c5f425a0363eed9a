// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <fmt/format.h>

#include "describe.hpp"

namespace sotto::app {
namespace {

using Kind = Candidates::Kind;

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
    return text;
}

/// The body of a case: what is offered.
std::string offer(const Candidates& candidates) {
    switch (candidates.kind) {
        case Kind::words:
            return fmt::format("words='{}'", joined(candidates.words));
        case Kind::files:
            return "kind=-f";
        case Kind::folders:
            return "kind=-d";
        case Kind::anything:
            break;
    }
    return "return";
}

std::string value_cases(const VerbText& verb) {
    std::string cases;
    for (const auto& flag : verb.flags) {
        if (flag.value.empty()) continue;
        for (const auto& name : flag.names)
            cases += fmt::format("        '{} {}') {} ;;\n", verb.path, name, offer(candidates_for(flag)));
    }
    return cases;
}

std::string words_case(const CommandLine& all, const VerbText& verb) {
    auto words = verb.verbs;
    for (const auto& flag : verb.flags) words.insert(words.end(), flag.names.begin(), flag.names.end());
    std::string files;
    for (const auto& argument : verb.arguments) {
        const auto candidates = candidates_for(all, verb, argument);
        words.insert(words.end(), candidates.words.begin(), candidates.words.end());
        if (candidates.kind == Kind::files) files = "; [[ $current == -* ]] || kind=-f";
    }
    return fmt::format("        '{}') words='{}'{} ;;\n", verb.path, joined(words), files);
}

constexpr std::string_view kTemplate = R"(# bash completion for sotto; made by `sotto help --completion bash`
_sotto() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD - 1]}}
    local path=sotto kind= words= word
    for word in "${{COMP_WORDS[@]:1:COMP_CWORD - 1}}"; do
        case "$path $word" in
{}        esac
    done
    COMPREPLY=()
    case "$path $previous" in
{}        *)
            case $path in
{}            esac
            ;;
    esac
    if [[ $kind ]]; then
        compopt -o filenames 2>/dev/null || true
        mapfile -t COMPREPLY < <(compgen "$kind" -- "$current")
    else
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
        [[ ${{COMPREPLY[0]-}} != *= ]] || compopt -o nospace 2>/dev/null || true
    fi
    return 0
}}
complete -F _sotto sotto
)";

}  // namespace

std::string bash_completion(const CommandLine& all) {
    std::string paths;
    std::string values;
    std::string words;
    for (const auto& verb : all) {
        if (&verb != &all.front()) paths += fmt::format("            '{}') path=$path' '$word ;;\n", verb.path);
        values += value_cases(verb);
        words += words_case(all, verb);
    }
    return fmt::format(kTemplate, paths, values, words);
}

}  // namespace sotto::app
