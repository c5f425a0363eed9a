// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <fmt/format.h>

#include "base/escape.hpp"
#include "base/loop.hpp"
#include "crypto/secp256k1.hpp"
#include "node/config.hpp"
#include "node/files.hpp"
#include "node/identity.hpp"
#include "node/key_directory.hpp"
#include "passphrase.hpp"

namespace sotto::app {
namespace {

namespace keystore = crypto::keystore;
using node::KeyDirectory;

Result<std::filesystem::path> data_dir(const ChatKeyOptions& options, const Environment& environment) {
    node::RawSettings flags;
    if (options.data_dir) flags["data-dir"] = {{*options.data_dir}, "--data-dir"};
    SOTTO_TRY(const auto config, node::load_config(std::move(flags), environment));
    return config.data_dir;
}

std::string file_json(const std::filesystem::path& file) {
    return "\"" + escape_json(file.string()) + "\"";
}

void print_key(const crypto::PrivateKey& key, const KeyDirectory::Entry& entry, bool json) {
    const auto point = first_bytes<64>(*key.public_key().node_id());
    const auto public_key = to_hex_prefixed(crypto::secp256k1::uncompressed(point));
    if (json) {
        fmt::print(R"({{"id":"{}","publicKey":"{}","file":{}}})"
                   "\n",
                   entry.id,
                   public_key,
                   file_json(entry.file));
        return;
    }
    fmt::print("id          {}\npublic key  {}\nkept in     {}\n", entry.id, public_key, entry.file.string());
}

Result<void> store(const ChatKeyOptions& options,
                   const crypto::PrivateKey& key,
                   const crypto::SecretBytes& passphrase,
                   const Environment& environment) {
    SOTTO_TRY(const auto folder, data_dir(options, environment));
    SOTTO_CHECK(make_folder(folder));
    Loop loop(1);
    const auto random = loop.env().random->array<keystore::kRandomBytes>();
    const auto& kdf = options.light_kdf ? keystore::kLightKdf : keystore::kStandardKdf;
    SOTTO_TRY(const auto file, keystore::seal(key, passphrase.view(), kdf, random));
    SOTTO_TRY(const auto entry, KeyDirectory(folder).add(file, loop.env().clock->wall()));
    print_key(key, entry, options.json);
    return {};
}

Result<void> create(const ChatKeyOptions& options, const Environment& environment) {
    SOTTO_TRY(const auto passphrase, read_passphrase(options.passphrase, Ask::twice));
    const auto random = make_system_random();
    return store(options, node::generate_identity(*random), passphrase, environment);
}

Result<void> import_hex(const ChatKeyOptions& options,
                        std::string_view text,
                        const std::string& name,
                        const Environment& environment) {
    const auto key = node::parse_identity(text);
    if (!key || key->type() != crypto::KeyType::secp256k1) {
        return fail(Errc::io, name + " holds neither a wallet's key file nor 64 hex digits of a secp256k1 secret");
    }
    SOTTO_TRY(const auto passphrase, read_passphrase(options.passphrase, Ask::twice));
    return store(options, *key, passphrase, environment);
}

/// Sealed again under the same passphrase: other wallets' parameters may be weak.
Result<void> import_file(const ChatKeyOptions& options,
                         std::string_view text,
                         const std::string& name,
                         const Environment& environment) {
    const auto file = keystore::parse(text);
    if (!file) return fail(file.error().within(name));
    SOTTO_TRY(const auto passphrase, read_passphrase(options.passphrase, Ask::once));
    const auto key = keystore::open(*file, passphrase.view());
    if (!key) return fail(key.error().within(name));
    return store(options, *key, passphrase, environment);
}

Result<void> import_any(const ChatKeyOptions& options, const std::string& name, const Environment& environment) {
    if (name == "-" && options.passphrase.descriptor == 0) {
        return fail(Errc::invalid_argument, "the key and the passphrase cannot both come from standard input");
    }
    SOTTO_TRY(const auto content, read_secret_file(name, keystore::kMaxFile));
    const auto text = text_of(content.view());
    const auto first = text.find_first_not_of(" \t\r\n");
    const bool is_json = first != std::string_view::npos && text[first] == '{';
    return is_json ? import_file(options, text, name, environment) : import_hex(options, text, name, environment);
}

Result<void> export_to(const ChatKeyOptions& options,
                       const std::string& id,
                       const std::string& target,
                       const Environment& environment) {
    SOTTO_TRY(const auto folder, data_dir(options, environment));
    SOTTO_TRY(const auto file, KeyDirectory(folder).read(id));
    SOTTO_CHECK(node::write_private_file(target, view_of(keystore::serialize(file)), node::Existing::refuse));
    if (options.json) {
        fmt::print("{{\"file\":{}}}\n", file_json(target));
    } else {
        fmt::print("written to {}, under the key's own passphrase\n", target);
    }
    return {};
}

Result<void> list(const ChatKeyOptions& options, const Environment& environment) {
    SOTTO_TRY(const auto folder, data_dir(options, environment));
    SOTTO_TRY(const auto entries, KeyDirectory(folder).list());
    for (const auto& entry : entries) {
        if (options.json) {
            fmt::print(R"({{"id":"{}","created":"{}","file":{}}})"
                       "\n",
                       entry.id,
                       entry.created,
                       file_json(entry.file));
        } else {
            fmt::print("{}  {}\n", entry.id, entry.created);
        }
    }
    return {};
}

Result<void> remove(const ChatKeyOptions& options, const std::string& id, const Environment& environment) {
    SOTTO_TRY(const auto folder, data_dir(options, environment));
    return KeyDirectory(folder).remove(id);
}

int finish(const Result<void>& done) {
    return done ? kDone : report(done.error());
}

}  // namespace

int chat_key_create_verb(const ChatKeyOptions& options, const Environment& environment) {
    return finish(create(options, environment));
}

int chat_key_import_verb(const ChatKeyOptions& options, const std::string& file, const Environment& environment) {
    return finish(import_any(options, file, environment));
}

int chat_key_export_verb(const ChatKeyOptions& options,
                         const std::string& id,
                         const std::string& file,
                         const Environment& environment) {
    return finish(export_to(options, id, file, environment));
}

int chat_key_list_verb(const ChatKeyOptions& options, const Environment& environment) {
    return finish(list(options, environment));
}

int chat_key_remove_verb(const ChatKeyOptions& options, const std::string& id, const Environment& environment) {
    return finish(remove(options, id, environment));
}

}  // namespace sotto::app
