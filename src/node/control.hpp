// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <span>
#include <string>
#include <vector>

#include "node/config.hpp"

namespace sotto::node {

class Node;

/// Changes a running node's settings: those that can change take effect at once, the others are named. Loop thread
/// only; the node outlives it.
class Control {
  public:
    /// `flags` and `environment` are what the process was started with, `settings` what gather_settings() made of them
    /// and of the file, and `config` what the node was made of.
    Control(Node& node, RawSettings flags, std::vector<std::string> environment, RawSettings settings, Config config);

    struct Reloaded {
        std::vector<std::string> changed;        ///< names of settings and limits, in force from now on
        std::vector<std::string> needs_restart;  ///< differ from what the node was started with
    };
    /// Reads the settings file again; flags and variables still win over it. Log level, log format, least
    /// proof of work and limits change. A broken file changes nothing. Both outcomes are logged.
    Result<Reloaded> reload();
    /// "NAME=VALUE" each, all or none, until the next reload. Refused: unknown names.
    Result<void> set_limits(std::span<const std::string> assignments);
    /// Until the next reload.
    void set_log_level(log::Level level);

  private:
    Reloaded compare(const RawSettings& settings, const Config& config) const;
    void apply(const Config& config);

    Node& node_;
    RawSettings flags_;
    std::vector<std::string> environment_;
    RawSettings settings_;
    Config config_;  ///< as at the start, but for what may change: that is as it is now
};

}  // namespace sotto::node
