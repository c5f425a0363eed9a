// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <string>
#include <vector>

#include "node/config.hpp"

namespace sotto::node {

/// What is in force for one setting, as a user would write it; empty for a list without entries. `limit` gives every
/// limit as NAME=VALUE. `settings` are what gather_settings() returned and `config` what was made of them.
std::vector<std::string> effective_values(const SettingInfo& info, const RawSettings& settings, const Config& config);

/// Where a setting comes from: "default", "flag --listen", "environment SOTTO_LISTEN" or "/etc/sotto.toml:3".
std::string source_of(const SettingInfo& info, const RawSettings& settings);

/// All that is in force as sotto.toml would say it, each line with a comment that names its source. Read back, it gives
/// the same configuration. Settings name files, never what is in them, so there is no secret to leave out.
std::string effective_toml(const RawSettings& settings, const Config& config);
/// The same as one JSON object: {"log-level":{"value":"info","source":"default"},…}; values are strings, or arrays of
/// them for what may be repeated.
std::string effective_json(const RawSettings& settings, const Config& config);

}  // namespace sotto::node
