// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "node/config.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "net/peer.hpp"
#include "node/builtin.hpp"
#include "node/files.hpp"

namespace sotto::node {
namespace {

template <class T>
Result<T> parse_number(std::string_view text) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) {
        return fail(Errc::invalid_argument, "'" + std::string(text) + "' is not a number in range");
    }
    return value;
}

Result<bool> parse_switch(std::string_view text) {
    if (text.empty() || text == "true" || text == "1") return true;
    if (text == "false" || text == "0") return false;
    return fail(Errc::invalid_argument, "'" + std::string(text) + "' is neither true nor false");
}

Result<std::optional<HostPort>> parse_rpc(std::string_view text) {
    if (text == "none") return std::nullopt;
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0) {
        return fail(Errc::invalid_argument, "'" + std::string(text) + "' is not HOST:PORT or none");
    }
    auto host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    if (host != "localhost" && !parse_ip(host)) {
        return fail(Errc::invalid_argument, "'" + std::string(host) + "' is no IP address; give one, or localhost");
    }
    SOTTO_TRY(const auto port, parse_number<std::uint16_t>(text.substr(colon + 1)));
    return HostPort{std::string(host), port};
}

Result<void> add_listen(Config& config, std::string_view text) {
    config.default_listen = false;
    if (text == "none") return {};
    SOTTO_TRY(auto address, Multiaddr::parse(text));
    SOTTO_CHECK(check_listen(address));
    config.listen.push_back(std::move(address));
    return {};
}

Result<void> add_peer(Config& config, std::string_view text) {
    SOTTO_TRY(auto address, net::parse_address(text));
    SOTTO_CHECK(check_peer(address));
    config.peers.push_back(std::move(address));
    return {};
}

/// Compared as it stands with what a client names, so one that cannot match is a mistake.
Result<void> add_vhost(Config& config, std::string_view text) {
    constexpr std::string_view kOfNames = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-._";
    if (text.contains('*')) {
        return fail(Errc::invalid_argument,
                    "there are no wildcards: any web page could reach the RPC under a name of its own (DNS rebinding). "
                    "Give each name by which clients call this node");
    }
    const bool plain = !text.empty() && text.find_first_not_of(kOfNames) == std::string_view::npos;
    if (!plain && !parse_ip(text)) {
        return fail(Errc::invalid_argument, "a host name is needed, such as node.example, without scheme and port");
    }
    config.rpc_vhosts.emplace_back(text);
    return {};
}

/// As add_vhost().
Result<void> add_origin(Config& config, std::string_view text) {
    if (text.contains('*')) {
        return fail(Errc::invalid_argument,
                    "there are no wildcards: any web page could use this node. Give each origin");
    }
    if (text == "null") {
        return fail(
            Errc::invalid_argument,
            "any web page can call itself so. Serve yours from a host and give that, as in https://app.example");
    }
    const auto scheme = text.find("://");
    const auto host = scheme == std::string_view::npos ? text : text.substr(scheme + 3);
    if (host.empty() || host.contains('/')) {
        return fail(Errc::invalid_argument,
                    "an origin is needed, such as https://app.example, with its port if it has one, without a path");
    }
    config.rpc_origins.emplace_back(text);
    return {};
}

Result<void> set_min_pow(Config& config, std::string_view text) {
    SOTTO_TRY(config.min_pow, parse_number<double>(text));
    if (!std::isfinite(config.min_pow) || config.min_pow < 0) {
        return fail(Errc::invalid_argument, "'" + std::string(text) + "' is no proof of work: 0 or more is");
    }
    return {};
}

Result<void> set_max_connections(Config& config, std::string_view text) {
    SOTTO_TRY(const auto total, parse_number<std::uint32_t>(text));
    if (total < 2) return fail(Errc::invalid_argument, "at least 2 connections are needed, one in and one out");
    config.limits.connections_in = std::max<std::uint64_t>(1, total * std::uint64_t{2} / 3);
    config.limits.connections_out = total - config.limits.connections_in;
    return {};
}

Result<void> add_service(Config& config, std::string_view text) {
    if (text != "perf" && text != "echo") {
        return fail(Errc::invalid_argument, "'" + std::string(text) + "' cannot be served; perf and echo can");
    }
    (text == "perf" ? config.serve_perf : config.serve_echo) = true;
    return {};
}

using Setter = Result<void> (*)(Config&, std::string_view);

template <auto Member, auto Parse>
Result<void> assign(Config& config, std::string_view text) {
    SOTTO_TRY(config.*Member, Parse(text));
    return {};
}

Result<std::filesystem::path> parse_path(std::string_view text) {
    if (text.empty()) return fail(Errc::invalid_argument, "an empty path");
    return std::filesystem::path(text);
}

Result<void> set_ipc(Config& config, std::string_view text) {
    config.ipc.clear();
    if (text == "none") return {};
    SOTTO_TRY(config.ipc, parse_path(text));
    return {};
}

Result<void> set_identity(Config& config, std::string_view text) {
    SOTTO_TRY(config.devp2p_identity_file, parse_path(text));
    config.libp2p_identity_file = config.devp2p_identity_file;
    return {};
}

/// In this order: a later entry overrides what an earlier one set.
constexpr std::pair<std::string_view, Setter> kSetters[] = {
    {"data-dir", assign<&Config::data_dir, parse_path>},
    {"identity-file", set_identity},
    {"devp2p-identity-file", assign<&Config::devp2p_identity_file, parse_path>},
    {"libp2p-identity-file", assign<&Config::libp2p_identity_file, parse_path>},
    {"listen", add_listen},
    {"peer", add_peer},
    {"rpc", assign<&Config::rpc, parse_rpc>},
    {"ipc", set_ipc},
    {"rpc-vhosts", add_vhost},
    {"rpc-origins", add_origin},
    {"min-pow", set_min_pow},
    {"pow-rule", assign<&Config::pow_rule, whisper::parse_pow_rule>},
    {"max-connections", set_max_connections},
    {"limit", [](Config& c, std::string_view t) { return c.limits.set(t); }},
    {"exempt",
     [](Config& c, std::string_view t) -> Result<void> {
         SOTTO_TRY(auto range, Cidr::parse(t));
         c.exempt.push_back(std::move(range));
         return {};
     }},
    {"serve", add_service},
    {"log-level", assign<&Config::log_level, log::parse_level>},
    {"log-format", assign<&Config::log_format, log::parse_format>},
    {"json", assign<&Config::json, parse_switch>},
};

constexpr std::string_view kDefaultListen[] = {
    "/ip4/0.0.0.0/tcp/30303/rlpx", "/ip6/::/tcp/30303/rlpx", "/ip4/0.0.0.0/tcp/60000", "/ip6/::/tcp/60000"};
constexpr std::size_t kMaxFile = 1024 * 1024;

std::vector<Multiaddr> default_listen_addresses() {
    std::vector<Multiaddr> all;
    for (const auto text : kDefaultListen) all.push_back(*Multiaddr::parse(text));
    return all;
}

/// Nothing when there is no such file.
Result<std::optional<std::string>> read_settings(const std::filesystem::path& path) {
    const auto content = read_file(path, kMaxFile);
    if (content) return std::string(text_of(*content));
    if (content.error() == Errc::not_found) return std::nullopt;
    return fail(Errc::invalid_argument, "the settings: " + content.error().detail());
}

std::string first_value(const RawSettings& settings, std::string_view name) {
    const auto it = settings.find(name);
    return it == settings.end() || it->second.values.empty() ? std::string() : it->second.values.back();
}

}  // namespace

Result<Config> make_config(const RawSettings& settings) {
    Config config;
    for (const auto& [name, set] : kSetters) {
        const auto it = settings.find(name);
        if (it == settings.end()) continue;
        for (const auto& value : it->second.values) {
            const auto done = set(config, value);
            if (done) continue;
            const auto& detail = done.error().detail();
            const auto quoted = detail.contains(value) ? std::string() : "'" + value + "': ";
            return fail(Errc::invalid_argument, it->second.origin + ": " + quoted + detail);
        }
    }
    // Written out they are still the defaults: what --print-config says can be fed back on any machine.
    auto defaults = default_listen_addresses();
    if (config.default_listen)
        config.listen = std::move(defaults);
    else
        config.default_listen = config.listen == defaults;
    if (config.devp2p_identity_file.empty()) config.devp2p_identity_file = config.data_dir / "identity";
    if (config.libp2p_identity_file.empty()) config.libp2p_identity_file = config.data_dir / "identity";
    if (!settings.contains("ipc")) config.ipc = default_ipc(config.data_dir);
    return config;
}

std::filesystem::path default_ipc(const std::filesystem::path& data_dir) {
    return data_dir / "sotto.ipc";
}

Result<std::filesystem::path> default_data_dir(std::span<const std::string> environment) {
    if (const auto base = find_variable(environment, "XDG_DATA_HOME"); base && base->starts_with('/')) {
        return std::filesystem::path(*base) / "sotto";
    }
    const auto home = find_variable(environment, "HOME");
    if (!home || home->empty()) return fail(Errc::invalid_argument, "HOME is not set; name a folder with --data-dir");
    return std::filesystem::path(*home) / ".local/share/sotto";
}

std::span<const std::string_view> default_listen_texts() noexcept {
    return kDefaultListen;
}

Result<RawSettings> gather_settings(RawSettings flags, std::span<const std::string> environment) {
    SOTTO_TRY(const auto variables, settings_from_environment(environment));
    auto settings = merge(std::move(flags), variables);
    // The file may say which data directory to use only if it is named itself.
    const auto named = first_value(settings, "config-file");
    std::filesystem::path file = named;
    if (named.empty()) {
        auto dir = std::filesystem::path(first_value(settings, "data-dir"));
        if (dir.empty()) {
            SOTTO_TRY(dir, default_data_dir(environment));
        }
        file = dir / "sotto.toml";
    }
    SOTTO_TRY(const auto text, read_settings(file));
    if (!text && !named.empty()) return fail(Errc::invalid_argument, "--config-file: cannot read " + file.string());
    if (text) {
        SOTTO_TRY(const auto from_file, settings_from_toml(*text, file.string()));
        settings = merge(std::move(settings), from_file);
    }
    if (!settings.contains("data-dir")) {
        SOTTO_TRY(const auto dir, default_data_dir(environment));
        settings["data-dir"] = {{dir.string()}, "default"};
    }
    return settings;
}

Result<Config> load_config(RawSettings flags, std::span<const std::string> environment) {
    SOTTO_TRY(const auto settings, gather_settings(std::move(flags), environment));
    return make_config(settings);
}

}  // namespace sotto::node
