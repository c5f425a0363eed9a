// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace CLI {
class App;
}

/// The command line as data, and the texts that are made from it: what is described is what is parsed.
namespace sotto::app {

struct FlagText {
    std::vector<std::string> names;  ///< "--listen", or "-c"; the long one first
    std::string value;               ///< placeholder; empty for a switch
    std::string help;
};

struct ArgumentText {
    std::string name;
    std::string help;
    bool required = false;
};

struct VerbText {
    std::string path;  ///< "sotto", "sotto run", "sotto key show"
    std::string name;  ///< its last word
    std::string help;
    std::vector<FlagText> flags;
    std::vector<ArgumentText> arguments;
    std::vector<std::string> verbs;  ///< names of those below it
};

/// All verbs, each before those below it; the first is "sotto" itself. Never empty.
using CommandLine = std::vector<VerbText>;
CommandLine describe(const CLI::App& app);
/// Those directly below one.
std::vector<const VerbText*> below(const CommandLine& all, const VerbText& verb);

/// What a completion offers after a flag or for an argument.
struct Candidates {
    enum class Kind : std::uint8_t { words, files, folders, anything };
    Kind kind = Kind::anything;
    std::vector<std::string> words;
};
Candidates candidates_for(const FlagText& flag);
Candidates candidates_for(const CommandLine& all, const VerbText& verb, const ArgumentText& argument);
/// The help of a flag up to what only the manual needs: "where to listen".
std::string short_help(std::string_view help);

/// sotto.1, for man(7).
std::string manual(const CommandLine& all);
/// Of "bash", "zsh" or "fish"; invalid_argument for other shells.
Result<std::string> completion(const CommandLine& all, std::string_view shell);

std::string bash_completion(const CommandLine& all);
std::string zsh_completion(const CommandLine& all);
std::string fish_completion(const CommandLine& all);

}  // namespace sotto::app
