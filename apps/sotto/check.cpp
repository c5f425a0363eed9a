// SPDX-License-Identifier: Apache-2.0 OR MIT
// `sotto run --check` and `--print-config`: what a start would do, without starting.
#include <fmt/format.h>
#include <unistd.h>

#include "base/loop.hpp"
#include "node/effective.hpp"
#include "node/files.hpp"
#include "node/identity.hpp"
#include "node/node.hpp"
#include "token.hpp"
#include "verbs.hpp"

namespace sotto::app {
namespace {

/// The key in the file; where there is none yet, one such as the start would make and write there.
Result<crypto::PrivateKey> identity_for(const std::filesystem::path& file, const node::Config& config, Env env) {
    auto key = node::read_identity(file);
    if (key || key.error() != Errc::not_found) return key;
    const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
    // The data directory is made at the start, others are not.
    if (folder != config.data_dir && ::access(folder.c_str(), W_OK | X_OK) != 0)
        return fail(Errc::permission, "the identity file " + file.string() + " cannot be created there");
    return node::generate_identity(*env.random);
}

Result<void> check(const node::Config& config) {
    SOTTO_CHECK(node::DataDir::check(config.data_dir));
    Loop loop(1);
    SOTTO_TRY(const auto devp2p, identity_for(config.devp2p_identity_file, config, loop.env()));
    const bool same = config.libp2p_identity_file == config.devp2p_identity_file;
    SOTTO_TRY(const auto libp2p, same ? devp2p : identity_for(config.libp2p_identity_file, config, loop.env()));
    SOTTO_TRY(std::ignore, node::Node::make(loop.env(), config, {devp2p, libp2p}));
    if (!config.rpc) return {};
    const auto token = read_token(config.data_dir);
    return token || token.error() == Errc::not_found ? Result<void>() : fail(token.error());
}

}  // namespace

int check_verb(const node::RawSettings& flags, const Environment& environment) {
    const auto config = node::load_config(flags, environment);
    if (!config) return report(config.error());
    log::configure(config->log_level, config->log_format);
    const auto checked = check(*config);
    if (!checked) return report(checked.error());
    fmt::print("{}\n", config->json ? R"({"event":"ok"})" : "ok");
    return kDone;
}

int print_config_verb(const node::RawSettings& flags, const Environment& environment) {
    const auto settings = node::gather_settings(flags, environment);
    if (!settings) return report(settings.error());
    const auto config = node::make_config(*settings);
    if (!config) return report(config.error());
    if (config->json) {
        fmt::print("{}\n", node::effective_json(*settings, *config));
    } else {
        fmt::print("{}", node::effective_toml(*settings, *config));
    }
    return kDone;
}

}  // namespace sotto::app
