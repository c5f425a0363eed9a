// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "codec/multiaddr.hpp"
#include "node/gate.hpp"
#include "node/limits.hpp"
#include "node/settings.hpp"
#include "whisper/pow.hpp"

namespace sotto::node {

struct HostPort {
    std::string host;
    std::uint16_t port = 0;
    friend bool operator==(const HostPort&, const HostPort&) = default;
};

/// The settings of `sotto run`, checked.
struct Config {
    std::filesystem::path data_dir;
    std::filesystem::path devp2p_identity_file;
    std::filesystem::path libp2p_identity_file;
    bool default_listen = true;  ///< the default addresses: a family that the machine lacks is skipped
    std::vector<Multiaddr> listen;
    std::vector<Multiaddr> peers;
    std::optional<HostPort> rpc = HostPort{"localhost", 8545};
    std::vector<std::string> rpc_vhosts;
    std::vector<std::string> rpc_origins;
    std::filesystem::path ipc;  ///< empty: off
    double min_pow = 0.002;
    whisper::PowRule pow_rule = whisper::PowRule::both;
    Limits limits;
    std::vector<Cidr> exempt;
    bool serve_perf = false;
    bool serve_echo = false;
    log::Level log_level = log::Level::info;
    log::Format log_format = log::Format::text;
    bool json = false;
    friend bool operator==(const Config&, const Config&) = default;
};

/// Every error names the setting by its origin and says what is valid.
Result<Config> make_config(const RawSettings& settings);
/// Flags over environment over the TOML file (named by --config-file, else DATA_DIR/sotto.toml when it exists), as they
/// were written. Has always a data-dir.
Result<RawSettings> gather_settings(RawSettings flags, std::span<const std::string> environment);
/// Gathers and makes.
Result<Config> load_config(RawSettings flags, std::span<const std::string> environment);
/// Where a node listens that was told nothing: on both networks and both IP families.
std::span<const std::string_view> default_listen_texts() noexcept;
/// DATA_DIR/sotto.ipc.
std::filesystem::path default_ipc(const std::filesystem::path& data_dir);
/// $XDG_DATA_HOME/sotto, else ~/.local/share/sotto.
Result<std::filesystem::path> default_data_dir(std::span<const std::string> environment);

}  // namespace sotto::node
