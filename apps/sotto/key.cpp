// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "base/escape.hpp"
#include "node/config.hpp"
#include "node/files.hpp"
#include "node/identity.hpp"
#include "verbs.hpp"

namespace sotto::app {
namespace {

Result<std::filesystem::path> identity_path(const KeyOptions& options, const Environment& environment) {
    node::RawSettings flags;
    if (options.data_dir) flags["data-dir"] = {{*options.data_dir}, "--data-dir"};
    if (options.identity_file) flags["identity-file"] = {{*options.identity_file}, "--identity-file"};
    SOTTO_TRY(const auto config, node::load_config(std::move(flags), environment));
    return config.devp2p_identity_file;
}

void print_key(const crypto::PrivateKey& key, const std::filesystem::path& file, bool json) {
    const auto node_id = key.public_key().node_id();
    const auto enode_id = node_id ? to_hex(*node_id) : std::string();
    const auto peer_id = crypto::PeerId(key.public_key()).to_string();
    if (json) {
        fmt::print(R"({{"enodeId":{},"peerId":"{}","file":"{}"}})"
                   "\n",
                   enode_id.empty() ? "null" : '"' + enode_id + '"',
                   peer_id,
                   escape_json(file.string()));
        return;
    }
    fmt::print("enode id  {}\npeer id   {}\nkept in   {}\n",
               enode_id.empty() ? "none: the key is not secp256k1" : enode_id,
               peer_id,
               file.string());
}

Result<void> show(const KeyOptions& options, const Environment& environment) {
    SOTTO_TRY(const auto path, identity_path(options, environment));
    const auto key = node::read_identity(path);
    if (!key && key.error() == Errc::not_found) {
        return fail(Errc::not_found,
                    "there is no identity yet in " + path.string() + "; make one with: sotto key generate");
    }
    if (!key) return fail(key.error());
    print_key(*key, path, options.json);
    return {};
}

Result<void> store(const KeyOptions& options, const crypto::PrivateKey& key, const Environment& environment) {
    SOTTO_TRY(const auto path, identity_path(options, environment));
    SOTTO_CHECK(make_folder(path.parent_path()));
    const auto written = node::write_identity(path, key);
    if (!written && written.error() == Errc::exists) {
        return fail(Errc::exists,
                    path.string() + " holds an identity already and is never overwritten; move it away first");
    }
    SOTTO_CHECK(written);
    print_key(key, path, options.json);
    return {};
}

int finish(const Result<void>& done) {
    return done ? kDone : report(done.error());
}

}  // namespace

Result<void> make_folder(const std::filesystem::path& folder) {
    if (folder.empty() || std::filesystem::exists(folder)) return {};
    std::error_code code;
    std::filesystem::create_directories(folder.parent_path(), code);
    return node::make_private_folder(folder);
}

int key_show_verb(const KeyOptions& options, const Environment& environment) {
    return finish(show(options, environment));
}

int key_generate_verb(const KeyOptions& options, const Environment& environment) {
    const auto random = make_system_random();
    return finish(store(options, node::generate_identity(*random), environment));
}

int key_backup_verb(const KeyOptions& options, const std::string& file, const Environment& environment) {
    const auto backup = [&]() -> Result<void> {
        SOTTO_TRY(const auto path, identity_path(options, environment));
        SOTTO_TRY(const auto key, node::read_identity(path));
        return node::write_identity(file, key);
    };
    return finish(backup());
}

int key_restore_verb(const KeyOptions& options, const std::string& file, const Environment& environment) {
    const auto restore = [&]() -> Result<void> {
        SOTTO_TRY(const auto key, node::read_identity(file));
        return store(options, key, environment);
    };
    return finish(restore());
}

}  // namespace sotto::app
