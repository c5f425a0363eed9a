// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "node/settings.hpp"

namespace sotto::app {

/// Exit codes: 0 done, 1 failed, 2 wrong usage or configuration.
inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;

using Environment = std::vector<std::string>;

/// Prints "sotto: <message>" to stderr and returns the exit code that fits the error.
int report(const Error& error);

int run_verb(const node::RawSettings& flags, const Environment& environment);
/// Reads all that run_verb() would, binds and makes nothing, and prints "ok".
int check_verb(const node::RawSettings& flags, const Environment& environment);
/// Prints the settings in force with their sources.
int print_config_verb(const node::RawSettings& flags, const Environment& environment);

struct ChatOptions {
    std::vector<std::string> conversations;  ///< channels and keys, at least one
    std::vector<std::string> connect;
    std::optional<std::string> rpc;  ///< a running node instead of one of its own
    std::string nick;
    std::optional<std::string> data_dir;
    std::optional<std::string> history;
};
int chat_verb(const ChatOptions& options, const Environment& environment);

/// Verbs that use a running node.
struct RpcOptions {
    std::optional<std::string> url;
    std::optional<std::string> data_dir;
    bool json = false;
};
int send_verb(const RpcOptions& options,
              const std::string& channel,
              const std::string& text,
              const Environment& environment);
int listen_verb(const RpcOptions& options, const std::string& channel, const Environment& environment);
int peers_verb(const RpcOptions& options, const Environment& environment);
int page_verb(const RpcOptions& options, const Environment& environment);

struct PingOptions {
    std::string address;
    unsigned count = 4;
    double interval = 1;
    bool json = false;
};
int ping_verb(const PingOptions& options);

struct KeyOptions {
    std::optional<std::string> data_dir;
    std::optional<std::string> identity_file;
    bool json = false;
};
int key_show_verb(const KeyOptions& options, const Environment& environment);
int key_generate_verb(const KeyOptions& options, const Environment& environment);
int key_backup_verb(const KeyOptions& options, const std::string& file, const Environment& environment);
int key_restore_verb(const KeyOptions& options, const std::string& file, const Environment& environment);

/// Makes the folder when there is none, for the owner only.
Result<void> make_folder(const std::filesystem::path& folder);

/// Where a passphrase comes from; neither: the terminal.
struct PassphraseSource {
    std::optional<std::string> file = {};
    std::optional<int> descriptor = {};
};
/// Key pairs for chat, sealed in the data directory.
struct ChatKeyOptions {
    std::optional<std::string> data_dir = {};
    PassphraseSource passphrase = {};
    bool light_kdf = false;
    bool json = false;
};
int chat_key_create_verb(const ChatKeyOptions& options, const Environment& environment);
int chat_key_import_verb(const ChatKeyOptions& options, const std::string& file, const Environment& environment);
int chat_key_export_verb(const ChatKeyOptions& options,
                         const std::string& id,
                         const std::string& file,
                         const Environment& environment);
int chat_key_list_verb(const ChatKeyOptions& options, const Environment& environment);
int chat_key_remove_verb(const ChatKeyOptions& options, const std::string& id, const Environment& environment);

int version_verb(bool json);
int limits_verb();

}  // namespace sotto::app
