// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <functional>

#include "verbs.hpp"

namespace CLI {
class App;
}

/// The command line, in parts. CLI11 is included by main.cpp, describe.cpp and commands_*.cpp alone.
namespace sotto::app {

/// What the parser found: the verb to call.
using Action = std::function<int()>;

/// `sotto key`: the node's identity, and the key pairs for chat.
void add_key(CLI::App& app, Action& action, const Environment& environment);

}  // namespace sotto::app
