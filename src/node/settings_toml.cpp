// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <toml++/toml.h>

#include <charconv>

#include "node/nearest.hpp"
#include "node/settings.hpp"

namespace sotto::node {
namespace {

/// The one setting that is no key.
constexpr std::string_view kFileItself = "config-file";

std::string place(std::string_view file, const toml::source_region& region) {
    return std::string(file) + ":" + std::to_string(region.begin.line);
}

std::unexpected<Error> unknown_key(std::string_view key, const std::string& where) {
    if (key == kFileItself) {
        return fail(Errc::invalid_argument,
                    where + ": a settings file cannot name another one; use --config-file or SOTTO_CONFIG_FILE");
    }
    std::vector<std::string_view> names;
    for (const auto& info : setting_table()) {
        if (info.name != kFileItself) names.push_back(info.name);
    }
    return fail(Errc::invalid_argument,
                where + ": no setting is called '" + std::string(key) + "'; did you mean '" +
                    std::string(nearest(key, names)) + "'?");
}

/// A scalar as it would be written on the command line.
Result<std::string> scalar_text(const toml::node& node, const std::string& where) {
    if (const auto text = node.value_exact<std::string>()) return *text;
    if (const auto number = node.value_exact<std::int64_t>()) return std::to_string(*number);
    if (const auto flag = node.value_exact<bool>()) return std::string(*flag ? "true" : "false");
    if (const auto* real = node.as_floating_point()) {
        char digits[32];  // the longest double takes 24
        const auto [end, error] = std::to_chars(std::begin(digits), std::end(digits), real->get());
        if (error == std::errc()) return std::string(std::begin(digits), end);
    }
    return fail(Errc::invalid_argument, where + ": a string, number or boolean is expected here");
}

Result<std::vector<std::string>> values_of(const toml::node& node, bool repeatable, const std::string& where) {
    std::vector<std::string> values;
    if (const auto* array = node.as_array()) {
        if (!repeatable) return fail(Errc::invalid_argument, where + ": this setting takes one value, not an array");
        for (const auto& element : *array) {
            SOTTO_TRY(values.emplace_back(), scalar_text(element, where));
        }
        return values;
    }
    SOTTO_TRY(values.emplace_back(), scalar_text(node, where));
    return values;
}

}  // namespace

Result<RawSettings> settings_from_toml(std::string_view text, std::string_view file_name) {
    toml::table table;
    try {
        table = toml::parse(text);
    } catch (const toml::parse_error& error) {
        return fail(Errc::invalid_argument, place(file_name, error.source()) + ": " + std::string(error.description()));
    }
    RawSettings found;
    for (const auto& [key, node] : table) {
        const auto where = place(file_name, node.source());
        const auto* info = find_setting(key.str());
        if (!info || info->name == kFileItself) return unknown_key(key.str(), where);
        auto& setting = found[std::string(info->name)];
        setting.origin = where + ": " + std::string(info->name);
        SOTTO_TRY(setting.values, values_of(node, info->repeatable, setting.origin));
    }
    return found;
}

}  // namespace sotto::node
