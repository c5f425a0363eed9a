// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.hpp"

namespace sotto::node {

/// One setting of `sotto run`: the flag --NAME, the variable SOTTO_NAME (upper case, underscores) and, but for
/// config-file, the TOML key NAME.
struct SettingInfo {
    std::string_view name;
    std::string_view value;  ///< placeholder in --help; empty for a switch
    std::string_view default_text;
    std::string_view help;
    bool repeatable = false;
};

std::span<const SettingInfo> setting_table() noexcept;
const SettingInfo* find_setting(std::string_view name) noexcept;
/// "log-level" -> "SOTTO_LOG_LEVEL".
std::string variable_name(std::string_view setting);

/// The value of a variable in an environment of "NAME=value" strings, as environ has them; null: not set.
std::optional<std::string_view> find_variable(std::span<const std::string> environment, std::string_view name) noexcept;

/// Values as they were written, with the place they came from, for errors: "--listen", "SOTTO_LISTEN", "sotto.toml:3:
/// listen".
struct RawSetting {
    std::vector<std::string> values;
    std::string origin;
};
using RawSettings = std::map<std::string, RawSetting, std::less<>>;

/// Reads SOTTO_* of the given environment. Repeatable ones are split at commas. An unknown SOTTO_ variable is an error
/// that names the nearest one.
Result<RawSettings> settings_from_environment(std::span<const std::string> environment);
/// Reads top-level keys: strings, numbers, booleans, and arrays of them for repeatable ones. Errors name file and line.
Result<RawSettings> settings_from_toml(std::string_view text, std::string_view file_name);
/// Keeps what `over` has, adds what only `under` has.
RawSettings merge(RawSettings over, const RawSettings& under);

}  // namespace sotto::node
