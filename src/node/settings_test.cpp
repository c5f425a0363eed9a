// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "node/settings.hpp"

#include <gtest/gtest.h>

#include "node/config.hpp"

namespace sotto::node {
namespace {

std::string error_of(const auto& result) {
    return result ? "no error" : result.error().detail();
}

TEST(Settings, ReadsTomlWithScalarsAndArrays) {
    const auto settings = *settings_from_toml(
        "listen = [\"/ip4/0.0.0.0/tcp/1\", \"none\"]\nmin-pow = 0.5\nmax-connections = 10\njson = true\n", "f");
    EXPECT_EQ(settings.at("listen").values, (std::vector<std::string>{"/ip4/0.0.0.0/tcp/1", "none"}));
    EXPECT_EQ(settings.at("min-pow").values, std::vector<std::string>{"0.5"});
    EXPECT_EQ(settings.at("max-connections").values, std::vector<std::string>{"10"});
    EXPECT_EQ(settings.at("json").values, std::vector<std::string>{"true"});
}

TEST(Settings, NamesFileAndLineAndTheNearestKey) {
    EXPECT_EQ(error_of(settings_from_toml("\nlog-levle = \"info\"", "sotto.toml")),
              "sotto.toml:2: no setting is called 'log-levle'; did you mean 'log-level'?");
    EXPECT_TRUE(error_of(settings_from_toml("a = [", "x.toml")).starts_with("x.toml:1: "));
    EXPECT_NE(error_of(settings_from_toml("rpc = [\"a\"]", "x")).find("one value"), std::string::npos);
    EXPECT_NE(error_of(settings_from_toml("[rpc]\na = 1", "x")).find("expected"), std::string::npos);
}

TEST(Settings, TheFileCannotNameItself) {
    const auto error = error_of(settings_from_toml("config-file = \"a\"", "x.toml"));
    EXPECT_TRUE(error.starts_with("x.toml:1: ")) << error;
    EXPECT_NE(error.find("use --config-file"), std::string::npos) << error;
    EXPECT_EQ(error_of(settings_from_toml("config-fil = \"a\"", "x")).find("config-file"), std::string::npos);
}

TEST(Settings, ReadsTheEnvironmentAndSplitsListsAtCommas) {
    const std::vector<std::string> environment{"PATH=/bin", "SOTTO_LISTEN=a,b", "SOTTO_MIN_POW=1"};
    const auto settings = *settings_from_environment(environment);
    EXPECT_EQ(settings.at("listen").values, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(settings.at("min-pow").origin, "SOTTO_MIN_POW");
    const std::vector<std::string> wrong{"SOTTO_LISTN=a"};
    EXPECT_EQ(error_of(settings_from_environment(wrong)),
              "no setting is called SOTTO_LISTN; did you mean SOTTO_LISTEN?");
}

TEST(Config, FlagsWinOverTheEnvironment) {
    const std::vector<std::string> environment{"HOME=/h", "SOTTO_LOG_LEVEL=debug", "SOTTO_MIN_POW=3"};
    RawSettings flags;
    flags["log-level"] = {{"warn"}, "--log-level"};
    const auto config = *load_config(flags, environment);
    EXPECT_EQ(config.log_level, log::Level::warn);
    EXPECT_EQ(config.min_pow, 3);
    EXPECT_EQ(config.data_dir, "/h/.local/share/sotto");
    EXPECT_EQ(config.libp2p_identity_file, "/h/.local/share/sotto/identity");
}

TEST(Config, SaysWhichSettingIsWrongAndWhy) {
    const auto error_for = [](std::string name, std::string value) {
        RawSettings settings;
        settings[name] = {{value}, "--" + name};
        return error_of(make_config(settings));
    };
    for (const auto& [name, value] :
         std::vector<std::pair<std::string, std::string>>{{"listen", "/ip4/1.2.3"},
                                                          {"peer", "enode://12@1.2.3.4:5"},
                                                          {"peer", "/ip4/1.2.3.4/tcp/1"},
                                                          {"listen", "/dns4/a.example/tcp/1"},
                                                          {"listen", "/ip4/1.2.3.4/tcp/1/ws"},
                                                          {"listen", "/ip4/1.2.3.4/udp/1/quic-v1"},
                                                          {"rpc-vhosts", "*"},
                                                          {"rpc-vhosts", "*.example"},
                                                          {"rpc-vhosts", "node.example:8545"},
                                                          {"rpc-vhosts", "http://node.example"},
                                                          {"rpc-origins", "*"},
                                                          {"rpc-origins", "null"},
                                                          {"rpc-origins", "https://a.example/"},
                                                          {"rpc", "8545"},
                                                          {"rpc", "example.org:1"},
                                                          {"min-pow", "nan"},
                                                          {"min-pow", "-1"},
                                                          {"pow-rule", "none"},
                                                          {"max-connections", "1"},
                                                          {"limit", "x=1"},
                                                          {"exempt", "1.2.3.4/40"},
                                                          {"serve", "files"},
                                                          {"log-level", "loud"},
                                                          {"log-format", "xml"},
                                                          {"json", "maybe"}}) {
        EXPECT_TRUE(error_for(name, value).starts_with("--" + name + ": "))
            << name << " " << value << ": " << error_for(name, value);
    }
}

TEST(Config, TakesWhatATransportHereCanDial) {
    const std::string secp256k1 = "/p2p/16Uiu2HAmRHPzF3rQg55PgYPcQkyvPVH9n2hWsYPhUJBZ6kVjJgdV";
    const std::string ed25519 = "/p2p/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA";
    const std::string hashed = "/p2p/QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC";
    const auto taken = [](const std::string& address) {
        RawSettings settings;
        settings["peer"] = {{address}, "--peer"};
        return make_config(settings).has_value();
    };
    for (const auto& key : {secp256k1, ed25519, hashed}) EXPECT_TRUE(taken("/dns4/a.example/tcp/1" + key)) << key;
    EXPECT_TRUE(taken("/ip6/::1/tcp/1/rlpx" + secp256k1));
    for (const auto& key : {ed25519, hashed}) EXPECT_FALSE(taken("/ip4/1.2.3.4/tcp/1/rlpx" + key)) << key;
    for (const auto* way : {"/udp/1/quic-v1", "/tcp/1/ws", "/udp/1"}) {
        EXPECT_FALSE(taken("/ip4/1.2.3.4" + std::string(way) + secp256k1)) << way;
    }
}

TEST(Config, TakesNamesAndOriginsThatClientsSend) {
    RawSettings settings;
    settings["rpc-vhosts"] = {{"node.example", "10.0.0.1", "fd00::1", "my_host"}, "--rpc-vhosts"};
    settings["rpc-origins"] = {{"https://a.example:444", "chrome-extension://abc", "statusjs"}, "--rpc-origins"};
    const auto config = make_config(settings);
    ASSERT_TRUE(config) << error_of(config);
    EXPECT_EQ(config->rpc_vhosts, settings["rpc-vhosts"].values);
    EXPECT_EQ(config->rpc_origins, settings["rpc-origins"].values);
}

TEST(Config, ListensOnBothNetworksUnlessTold) {
    EXPECT_EQ(make_config({})->listen.size(), 4u);
    RawSettings none;
    none["listen"] = {{"none"}, "--listen"};
    EXPECT_TRUE(make_config(none)->listen.empty());
    EXPECT_FALSE(make_config(none)->default_listen);
}

TEST(Config, SplitsConnectionsTwoToOne) {
    RawSettings settings;
    settings["max-connections"] = {{"192"}, ""};
    const auto config = *make_config(settings);
    EXPECT_EQ(config.limits.connections_in, 128u);
    EXPECT_EQ(config.limits.connections_out, 64u);
}

}  // namespace
}  // namespace sotto::node
