// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "node/effective.hpp"

#include <algorithm>

#include "base/escape.hpp"

namespace sotto::node {
namespace {

const RawSetting* find(const RawSettings& settings, std::string_view name) {
    const auto it = settings.find(name);
    return it == settings.end() ? nullptr : &it->second;
}

std::vector<std::string> limit_values(const Limits& limits) {
    std::vector<std::string> all;
    for (const auto& info : limit_table()) all.push_back(std::string(info.name) + "=" + limit_text(limits.*info.field));
    return all;
}

/// What a setting is when nobody says anything. Those whose default depends on others are read from the result.
std::vector<std::string> default_values(const SettingInfo& info, const Config& config) {
    if (info.name == "listen") return {default_listen_texts().begin(), default_listen_texts().end()};
    if (info.name == "identity-file") return {(config.data_dir / "identity").string()};
    if (info.name == "ipc") return {default_ipc(config.data_dir).string()};
    if (info.name == "devp2p-identity-file") return {config.devp2p_identity_file.string()};
    if (info.name == "libp2p-identity-file") return {config.libp2p_identity_file.string()};
    if (info.repeatable) return {};
    if (info.value.empty()) return {"false"};
    return {std::string(info.default_text)};
}

/// Whether the text may stand in TOML without quotes: 1, 0.5, 2e-06, true.
bool is_bare(const SettingInfo& info, std::string_view text) {
    if (info.value.empty()) return text == "true" || text == "false";
    if (info.value != "N" && info.value != "X") return false;
    const auto digits = [&] {
        const auto end = std::min(text.find_first_not_of("0123456789"), text.size());
        text.remove_prefix(end);
        return end;
    };
    const bool zero = text.starts_with('0');
    const auto whole = digits();
    if (whole == 0 || (zero && whole > 1) || whole > 18) return false;
    if (text.starts_with('.') && (text.remove_prefix(1), digits() == 0)) return false;
    if (text.starts_with('e')) {
        text.remove_prefix(1);
        if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
        if (digits() == 0) return false;
    }
    return text.empty();
}

std::string in_quotes(std::string_view text) {
    return '"' + escape_json(text) + '"';
}

/// The limits that --limit itself names; the others have their default, or what follows from --max-connections.
std::vector<std::string_view> named_limits(const RawSettings& settings) {
    std::vector<std::string_view> names;
    if (const auto* raw = find(settings, "limit")) {
        for (const std::string_view value : raw->values) names.push_back(value.substr(0, value.find('=')));
    }
    return names;
}

std::string limits_toml(const SettingInfo& info, const RawSettings& settings, const Config& config) {
    const auto names = named_limits(settings);
    std::string text = "limit = [\n";
    for (const auto& value : limit_values(config.limits)) {
        const auto name = std::string_view(value).substr(0, value.find('='));
        const bool named = std::ranges::find(names, name) != names.end();
        // Said here, they would outdo a later change of max-connections.
        const bool follows = !named && (name == "connections-in" || name == "connections-out");
        text += (follows ? "    # " : "    ") + in_quotes(value) + ",  # " +
                (named     ? source_of(info, settings)
                 : follows ? "from max-connections"
                           : "default") +
                '\n';
    }
    return text + "]\n";
}

std::string value_toml(const SettingInfo& info, const std::vector<std::string>& values) {
    if (!info.repeatable) return is_bare(info, values.back()) ? values.back() : in_quotes(values.back());
    std::string text = "[";
    for (const auto& value : values) text += (text.size() > 1 ? ", " : "") + in_quotes(value);
    return text + "]";
}

/// The file is not named in itself.
bool is_printed(const SettingInfo& info) {
    return info.name != "config-file";
}

}  // namespace

std::vector<std::string> effective_values(const SettingInfo& info, const RawSettings& settings, const Config& config) {
    if (info.name == "limit") return limit_values(config.limits);
    const auto* raw = find(settings, info.name);
    if (!raw || (raw->values.empty() && !info.repeatable)) return default_values(info, config);
    return info.repeatable ? raw->values : std::vector{raw->values.back()};
}

std::string source_of(const SettingInfo& info, const RawSettings& settings) {
    const auto* raw = find(settings, info.name);
    if (!raw) return "default";
    const auto& origin = raw->origin;
    if (origin == "--" + std::string(info.name)) return "flag " + origin;
    if (origin == variable_name(info.name)) return "environment " + origin;
    // "FILE:LINE: NAME"
    const auto place = origin.substr(0, origin.rfind(": "));
    return escape_json(place);
}

std::string effective_toml(const RawSettings& settings, const Config& config) {
    std::string text;
    for (const auto& info : setting_table()) {
        if (!is_printed(info)) continue;
        if (info.name == "limit") {
            text += limits_toml(info, settings, config);
            continue;
        }
        const auto values = effective_values(info, settings, config);
        text += std::string(info.name) + " = " + value_toml(info, values) + "  # " + source_of(info, settings) + '\n';
    }
    return text;
}

std::string effective_json(const RawSettings& settings, const Config& config) {
    std::string text = "{";
    for (const auto& info : setting_table()) {
        if (!is_printed(info)) continue;
        std::string value;
        for (const auto& one : effective_values(info, settings, config))
            value += (value.empty() ? "" : ",") + in_quotes(one);
        if (info.repeatable) value = "[" + value + "]";
        text += (text.size() > 1 ? "," : "") + in_quotes(info.name) + ":{\"value\":" + value +
                ",\"source\":" + in_quotes(source_of(info, settings)) + "}";
    }
    return text + "}";
}

}  // namespace sotto::node
