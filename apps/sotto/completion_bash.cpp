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

void add_paths(const VerbText& verb, std::string& cases) {
    for (const auto& next : verb.verbs) {
        cases += fmt::format("            '{}') path=$path' '$word ;;\n", next.path);
        add_paths(next, cases);
    }
}

void add_values(const VerbText& verb, std::string& cases) {
    for (const auto& flag : verb.flags) {
        if (flag.value.empty()) continue;
        for (const auto& name : flag.names)
            cases += fmt::format("        '{} {}') {} ;;\n", verb.path, name, offer(candidates_for(flag)));
    }
    for (const auto& next : verb.verbs) add_values(next, cases);
}

void add_words(const VerbText& root, const VerbText& verb, std::string& cases) {
    std::vector<std::string> words;
    for (const auto& next : verb.verbs) words.push_back(next.name);
    for (const auto& flag : verb.flags) words.insert(words.end(), flag.names.begin(), flag.names.end());
    std::string files;
    for (const auto& argument : verb.arguments) {
        const auto candidates = candidates_for(root, verb, argument);
        words.insert(words.end(), candidates.words.begin(), candidates.words.end());
        if (candidates.kind == Kind::files) files = "; [[ $current == -* ]] || kind=-f";
    }
    cases += fmt::format("        '{}') words='{}'{} ;;\n", verb.path, joined(words), files);
    for (const auto& next : verb.verbs) add_words(root, next, cases);
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

std::string bash_completion(const VerbText& root) {
    std::string paths;
    std::string values;
    std::string words;
    add_paths(root, paths);
    add_values(root, values);
    add_words(root, root, words);
    return fmt::format(kTemplate, paths, values, words);
}

}  // namespace sotto::app
