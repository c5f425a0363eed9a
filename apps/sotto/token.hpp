// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <filesystem>
#include <string>

#include "base/random.hpp"
#include "base/result.hpp"

namespace sotto::app {

/// In the data directory, while the node's RPC listens: its URL.
inline constexpr std::string_view kUrlFile = "rpc-url";

/// The bearer word of the data directory: 64 hex digits. Errc::not_found before the first start.
Result<std::string> read_token(const std::filesystem::path& data_dir);
/// Where the node that runs on the data directory says that it answers. Errc::not_found: none does.
Result<std::string> read_url(const std::filesystem::path& data_dir);
/// The word to send to the node at `url`; empty where there is none, or where it is not for that node: another one than
/// that of read_url() gets it only when the data directory was `named` together with it.
std::string token_for(std::string_view url, const std::filesystem::path& data_dir, bool named);
/// Reads it, or makes it when there is none.
Result<std::string> load_token(const std::filesystem::path& data_dir, RandomSource& random);

}  // namespace sotto::app
