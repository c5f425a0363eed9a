// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "node/effective.hpp"

#include <gtest/gtest.h>

namespace sotto::node {
namespace {

const std::vector<std::string> kHome{"HOME=/h"};

/// Prints a configuration and reads it back.
Config fed_back(const RawSettings& settings) {
    const auto text = effective_toml(settings, *make_config(settings));
    const auto again = settings_from_toml(text, "printed.toml");
    EXPECT_TRUE(again) << (again ? "" : again.error().detail()) << "\n" << text;
    const auto config = make_config(*again);
    EXPECT_TRUE(config) << (config ? "" : config.error().detail()) << "\n" << text;
    return *config;
}

std::string line_of(const std::string& text, std::string_view name) {
    const auto begin = text.find("\n" + std::string(name) + " = ") + 1;
    return text.substr(begin, text.find('\n', begin) - begin);
}

TEST(Effective, TheDefaultsReadBackAreTheDefaults) {
    const auto settings = *gather_settings({}, kHome);
    EXPECT_EQ(fed_back(settings), *make_config(settings));
    EXPECT_TRUE(fed_back(settings).default_listen);
}

TEST(Effective, EverySettingReadBackIsTheSame) {
    RawSettings settings = *gather_settings({}, kHome);
    settings["identity-file"] = {{"/k/\"one\"\n\\two"}, "--identity-file"};
    settings["libp2p-identity-file"] = {{"/k/libp2p"}, "--libp2p-identity-file"};
    settings["listen"] = {{"none"}, "--listen"};
    settings["peer"] = {{"/ip4/1.2.3.4/tcp/5/p2p/16Uiu2HAmRHPzF3rQg55PgYPcQkyvPVH9n2hWsYPhUJBZ6kVjJgdV"}, "--peer"};
    settings["rpc"] = {{"[::1]:1"}, "--rpc"};
    settings["rpc-vhosts"] = {{"a.example", "b.example"}, "--rpc-vhosts"};
    settings["rpc-origins"] = {{"https://a.example"}, "--rpc-origins"};
    settings["min-pow"] = {{".0000021234567"}, "--min-pow"};
    settings["pow-rule"] = {{"legacy"}, "--pow-rule"};
    settings["max-connections"] = {{"011"}, "--max-connections"};
    settings["limit"] = {{"pool-bytes=unlimited", "connections-out=3"}, "--limit"};
    settings["exempt"] = {{"10.0.0.0/8", "fd00::/8"}, "--exempt"};
    settings["serve"] = {{"perf", "echo"}, "--serve"};
    settings["log-level"] = {{"trace"}, "--log-level"};
    settings["log-format"] = {{"json"}, "--log-format"};
    settings["json"] = {{"1"}, "--json"};
    EXPECT_EQ(fed_back(settings), *make_config(settings));
}

TEST(Effective, NumbersReadFromTomlKeepEveryDigit) {
    const auto settings = *settings_from_toml("min-pow = 0.0000021234567\n", "f");
    EXPECT_EQ(make_config(settings)->min_pow, 0.0000021234567);
}

TEST(Effective, SaysWhereEachValueCameFrom) {
    RawSettings flags;
    flags["serve"] = {{"echo"}, "--serve"};
    const std::vector<std::string> environment{"HOME=/h", "SOTTO_LOG_LEVEL=debug", "SOTTO_LIMIT=rpc-batch=7"};
    auto settings = *gather_settings(flags, environment);
    settings = merge(std::move(settings), *settings_from_toml("\nmin-pow = 0.5", "/etc/a: b.toml"));
    const auto text = effective_toml(settings, *make_config(settings));
    EXPECT_TRUE(text.starts_with("data-dir = \"/h/.local/share/sotto\"  # default\n")) << text;
    EXPECT_EQ(line_of(text, "serve"), "serve = [\"echo\"]  # flag --serve");
    EXPECT_EQ(line_of(text, "log-level"), "log-level = \"debug\"  # environment SOTTO_LOG_LEVEL");
    EXPECT_EQ(line_of(text, "min-pow"), "min-pow = 0.5  # /etc/a: b.toml:2");
    EXPECT_EQ(line_of(text, "pow-rule"), "pow-rule = \"both\"  # default");
    EXPECT_EQ(line_of(text, "max-connections"), "max-connections = 192  # default");
    EXPECT_NE(text.find("    \"rpc-batch=7\",  # environment SOTTO_LIMIT\n"), std::string::npos) << text;
    EXPECT_NE(text.find("    \"pool-envelopes=200000\",  # default\n"), std::string::npos) << text;
    EXPECT_NE(text.find("    # \"connections-in=128\",  # from max-connections\n"), std::string::npos) << text;
}

TEST(Effective, ANameOfAFileCannotLeaveItsComment) {
    const auto settings =
        merge(*gather_settings({}, kHome), *settings_from_toml("json = true", "a\nlog-level = 'x'\n#"));
    EXPECT_TRUE(fed_back(settings).json);
}

TEST(Effective, NamesEverySettingInBothForms) {
    const auto settings = *gather_settings({}, kHome);
    const auto toml = "\n" + effective_toml(settings, *make_config(settings));
    const auto json = effective_json(settings, *make_config(settings));
    for (const auto& info : setting_table()) {
        if (info.name == "config-file") continue;
        EXPECT_NE(toml.find("\n" + std::string(info.name) + " = "), std::string::npos) << info.name;
        EXPECT_NE(json.find("\"" + std::string(info.name) + "\":{\"value\":"), std::string::npos) << info.name;
    }
    EXPECT_NE(json.find(R"("log-level":{"value":"info","source":"default"})"), std::string::npos) << json;
    EXPECT_NE(json.find(R"("peer":{"value":[],"source":"default"})"), std::string::npos) << json;
}

}  // namespace
}  // namespace sotto::node
