// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "node/control.hpp"

#include <algorithm>

#include "node/effective.hpp"
#include "node/node.hpp"

namespace sotto::node {
namespace {

std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const auto& name : names) text += (text.empty() ? "" : " ") + name;
    return text.empty() ? "nothing" : text;
}

/// Compared in another way: by what follows from it.
bool compared_as_text(std::string_view name) {
    constexpr std::string_view kOthers[] = {"limit", "max-connections", "min-pow", "log-level", "log-format"};
    return std::ranges::find(kOthers, name) == std::end(kOthers);
}

}  // namespace

Control::Control(
    Node& node, RawSettings flags, std::vector<std::string> environment, RawSettings settings, Config config)
    : node_(node),
      flags_(std::move(flags)),
      environment_(std::move(environment)),
      settings_(std::move(settings)),
      config_(std::move(config)) {}

Control::Reloaded Control::compare(const RawSettings& settings, const Config& config) const {
    Reloaded found;
    if (config.log_level != config_.log_level) found.changed.emplace_back("log-level");
    if (config.log_format != config_.log_format) found.changed.emplace_back("log-format");
    if (config.min_pow != config_.min_pow) found.changed.emplace_back("min-pow");
    for (const auto& info : limit_table()) {
        if (config.limits.*info.field != config_.limits.*info.field) found.changed.emplace_back(info.name);
    }
    for (const auto& info : setting_table()) {
        if (!compared_as_text(info.name)) continue;
        if (effective_values(info, settings, config) == effective_values(info, settings_, config_)) continue;
        found.needs_restart.emplace_back(info.name);
    }
    return found;
}

void Control::apply(const Config& config) {
    config_.log_level = config.log_level;
    config_.log_format = config.log_format;
    log::configure(config_.log_level, config_.log_format);
    config_.limits = config.limits;
    node_.set_limits(config_.limits);
    // Left alone, what a client has set since stays.
    if (config.min_pow != config_.min_pow) (void)node_.whisper().set_min_pow(config.min_pow);
    config_.min_pow = config.min_pow;
}

Result<Control::Reloaded> Control::reload() {
    const auto settings = gather_settings(flags_, environment_);
    auto config = settings ? make_config(*settings) : Result<Config>(fail(settings.error()));
    if (!config) {
        log::error("run", "the settings were not reloaded, the old ones stay", {{"error", config.error().detail()}});
        return fail(config.error());
    }
    auto found = compare(*settings, *config);
    const auto say = [&] {
        log::info("run",
                  "the settings were reloaded",
                  {{"changed", joined(found.changed)}, {"needs_restart", joined(found.needs_restart)}});
    };
    // Said while either level lets it through.
    const bool before = log::enabled(log::Level::info);
    if (before) say();
    apply(*config);
    if (!before) say();
    return found;
}

Result<void> Control::set_limits(std::span<const std::string> assignments) {
    auto wanted = config_;
    for (const auto& assignment : assignments) SOTTO_CHECK(wanted.limits.set(assignment));
    apply(wanted);
    log::info("run", "limits were set", {{"limits", joined({assignments.begin(), assignments.end()})}});
    return {};
}

void Control::set_log_level(log::Level level) {
    auto wanted = config_;
    wanted.log_level = level;
    apply(wanted);
}

}  // namespace sotto::node
