// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "node/settings.hpp"

#include <algorithm>

#include "node/nearest.hpp"

namespace sotto::node {
namespace {

constexpr SettingInfo kTable[] = {
    {"data-dir",
     "DIR",
     "$XDG_DATA_HOME/sotto, else ~/.local/share/sotto",
     "identity, keys, stores and tokens; created 0700"},
    {"config-file", "FILE", "DATA_DIR/sotto.toml when it exists", "settings in TOML, one top-level key each"},
    {"identity-file", "FILE", "DATA_DIR/identity", "the node's key on both networks"},
    {"devp2p-identity-file",
     "FILE",
     "the identity file",
     "another key for devp2p, so that the two presences are not linked"},
    {"libp2p-identity-file", "FILE", "the identity file", "another key for libp2p"},
    {"listen",
     "MULTIADDR",
     "/ip4/0.0.0.0/tcp/30303/rlpx and /ip4/0.0.0.0/tcp/60000, and their IPv6 twins",
     "where to listen; /rlpx marks devp2p; any given replaces all defaults; port 0: the kernel chooses; none: nowhere",
     true},
    {"peer",
     "ADDR",
     "none",
     "a wanted peer, enode:// URL or multiaddr with /p2p/: dialled and redialled in the background",
     true},
    {"rpc",
     "HOST:PORT",
     "localhost:8545",
     "JSON-RPC over HTTP and WebSocket; localhost means both loopback addresses; none: off"},
    {"ipc",
     "PATH",
     "DATA_DIR/sotto.ipc",
     "JSON-RPC over a Unix socket, for programs of the same user, who may do everything; none: off"},
    {"rpc-vhosts", "NAME", "none", "a further Host name that the RPC answers to", true},
    {"rpc-origins", "ORIGIN", "none", "a web origin that may call the RPC", true},
    {"min-pow", "X", "0.002", "the least proof of work that is accepted; announced to peers"},
    {"pow-rule", "RULE", "both", "which rule incoming envelopes may satisfy: eip627, legacy or both"},
    {"max-connections", "N", "192", "both networks together; two thirds of them inbound"},
    {"limit",
     "NAME=VALUE",
     "see `sotto help limits`",
     "any bound by its name; 0 is refused, unlimited is a word",
     true},
    {"exempt", "CIDR", "none", "addresses free of the per-address limits", true},
    {"serve", "NAME", "none", "protocols for tests and measurements: perf, echo", true},
    {"log-level", "L", "info", "trace, debug, info, warn, error or off"},
    {"log-format", "F", "text", "text or json, to stderr"},
    {"json", "", "off", "stdout carries one JSON object a line and nothing else"},
};

std::vector<std::string> split_at_commas(std::string_view text) {
    std::vector<std::string> parts;
    while (!text.empty()) {
        const auto comma = std::min(text.find(','), text.size());
        if (comma > 0) parts.emplace_back(text.substr(0, comma));
        text.remove_prefix(std::min(comma + 1, text.size()));
    }
    return parts;
}

}  // namespace

std::span<const SettingInfo> setting_table() noexcept {
    return kTable;
}

const SettingInfo* find_setting(std::string_view name) noexcept {
    const auto it = std::ranges::find(kTable, name, &SettingInfo::name);
    return it == std::end(kTable) ? nullptr : it;
}

std::optional<std::string_view> find_variable(std::span<const std::string> environment,
                                              std::string_view name) noexcept {
    for (const std::string_view entry : environment) {
        if (entry.starts_with(name) && entry.substr(name.size()).starts_with('=')) return entry.substr(name.size() + 1);
    }
    return std::nullopt;
}

std::string variable_name(std::string_view setting) {
    std::string name = "SOTTO_";
    for (const char c : setting) name += c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
    return name;
}

Result<RawSettings> settings_from_environment(std::span<const std::string> environment) {
    std::map<std::string, const SettingInfo*, std::less<>> known;
    std::vector<std::string_view> names;
    for (const auto& info : kTable) known.emplace(variable_name(info.name), &info);
    for (const auto& [name, info] : known) names.push_back(name);

    RawSettings found;
    for (const std::string_view entry : environment) {
        const auto equals = entry.find('=');
        const auto name = entry.substr(0, equals);
        if (!name.starts_with("SOTTO_") || equals == std::string_view::npos) continue;
        const auto it = known.find(name);
        if (it == known.end()) {
            return fail(Errc::invalid_argument,
                        "no setting is called " + std::string(name) + "; did you mean " +
                            std::string(nearest(name, names)) + "?");
        }
        const auto value = entry.substr(equals + 1);
        auto values = it->second->repeatable ? split_at_commas(value) : std::vector{std::string(value)};
        found[std::string(it->second->name)] = {std::move(values), std::string(name)};
    }
    return found;
}

RawSettings merge(RawSettings over, const RawSettings& under) {
    over.insert(under.begin(), under.end());
    return over;
}

}  // namespace sotto::node
