// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <algorithm>
#include <cmath>

#include "base/fuzz.hpp"
#include "node/config.hpp"
#include "node/effective.hpp"

namespace sotto::node {
namespace {

void check_config(const RawSettings& settings) {
    for (const auto& [name, setting] : settings) SOTTO_FUZZ_CHECK(find_setting(name) && !setting.origin.empty());
    const auto config = make_config(settings);
    if (!config) {
        SOTTO_FUZZ_CHECK(config.error() == Errc::invalid_argument);
        const auto names_origin = [&](const auto& entry) {
            return config.error().detail().starts_with(entry.second.origin + ": ");
        };
        SOTTO_FUZZ_CHECK(std::ranges::any_of(settings, names_origin));
        return;
    }
    for (const auto& info : limit_table()) SOTTO_FUZZ_CHECK(config->limits.*info.field > 0);
    SOTTO_FUZZ_CHECK(std::isfinite(config->min_pow) && config->min_pow >= 0);
    for (const auto& peer : config->peers) SOTTO_FUZZ_CHECK(!peer.peer_id().empty());
}

/// What is printed reads back as the same. Of a file alone: a variable may hold bytes that TOML cannot.
void check_printed(RawSettings settings) {
    settings.try_emplace("data-dir", RawSetting{{"/data"}, "default"});
    const auto config = make_config(settings);
    if (!config) return;
    const auto again = settings_from_toml(effective_toml(settings, *config), "printed.toml");
    SOTTO_FUZZ_CHECK(again);
    const auto same = make_config(*again);
    SOTTO_FUZZ_CHECK(same && *same == *config);
}

}  // namespace

SOTTO_FUZZ(config_toml) {
    const auto settings = settings_from_toml(text_of(input), "sotto.toml");
    if (settings) {
        check_config(*settings);
        return check_printed(*settings);
    }
    SOTTO_FUZZ_CHECK(settings.error() == Errc::invalid_argument);
    SOTTO_FUZZ_CHECK(settings.error().detail().starts_with("sotto.toml:"));
}

/// Lines of the input are "NAME=value".
SOTTO_FUZZ(config_environment) {
    std::vector<std::string> environment;
    for (auto text = text_of(input); !text.empty();) {
        const auto end = std::min(text.find('\n'), text.size());
        environment.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    const auto settings = settings_from_environment(environment);
    if (settings) return check_config(*settings);
    SOTTO_FUZZ_CHECK(settings.error() == Errc::invalid_argument);
    SOTTO_FUZZ_CHECK(settings.error().detail().contains("SOTTO_"));
}

}  // namespace sotto::node
