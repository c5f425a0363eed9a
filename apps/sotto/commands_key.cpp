// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <CLI/CLI.hpp>

#include "commands.hpp"

namespace sotto::app {
namespace {

void add_identity(CLI::App* key, Action& action, const Environment& environment) {
    auto options = std::make_shared<KeyOptions>();
    auto file = std::make_shared<std::string>();
    const auto common = [&](CLI::App* verb) {
        verb->add_option("--data-dir", options->data_dir, "the data directory")->type_name("DIR");
        verb->add_option("--identity-file", options->identity_file, "the identity file")->type_name("FILE");
        verb->add_flag("--json", options->json, "as JSON");
    };
    auto* show = key->add_subcommand("show", "Print enode id, peer id and where the node's identity is kept");
    common(show);
    show->callback(
        [=, &action, &environment] { action = [=, &environment] { return key_show_verb(*options, environment); }; });
    auto* generate = key->add_subcommand("generate", "Make the node's identity; never overwrites one");
    common(generate);
    generate->callback([=, &action, &environment] {
        action = [=, &environment] { return key_generate_verb(*options, environment); };
    });
    auto* backup = key->add_subcommand("backup", "Copy the identity to a new file, readable by you alone");
    backup->add_option("file", *file, "the file to write")->required();
    common(backup);
    backup->callback([=, &action, &environment] {
        action = [=, &environment] { return key_backup_verb(*options, *file, environment); };
    });
    auto* restore = key->add_subcommand("restore", "Take the identity from a backup; never overwrites one");
    restore->add_option("file", *file, "the backup")->required();
    common(restore);
    restore->callback([=, &action, &environment] {
        action = [=, &environment] { return key_restore_verb(*options, *file, environment); };
    });
}

void add_passphrase(CLI::App* verb, const std::shared_ptr<ChatKeyOptions>& options) {
    auto* file = verb->add_option("--passphrase-file",
                                  options->passphrase.file,
                                  "the file that holds the passphrase in its only line (default: ask on the terminal)");
    file->type_name("FILE");
    verb->add_option("--passphrase-fd", options->passphrase.descriptor, "the same, from an open descriptor")
        ->type_name("N")
        ->check(CLI::NonNegativeNumber)
        ->excludes(file);
    verb->add_flag("--light-kdf", options->light_kdf, "seal with 4 MiB instead of 256 MiB of memory: weaker");
}

void add_chat_keys(CLI::App* key, Action& action, const Environment& environment) {
    auto options = std::make_shared<ChatKeyOptions>();
    auto id = std::make_shared<std::string>();
    auto file = std::make_shared<std::string>();
    const auto common = [&](CLI::App* verb) {
        verb->add_option("--data-dir", options->data_dir, "the data directory")->type_name("DIR");
        verb->add_flag("--json", options->json, "as JSON, one object a line");
    };
    auto* create = key->add_subcommand("create", "Make a key pair for chat, kept under a passphrase");
    add_passphrase(create, options);
    common(create);
    create->callback([=, &action, &environment] {
        action = [=, &environment] { return chat_key_create_verb(*options, environment); };
    });
    auto* take = key->add_subcommand("import", "Keep a key pair from a wallet's key file or a secret in hex");
    take->add_option("file", *file, "the key file, or 64 hex digits of a secret; - is standard input")->required();
    add_passphrase(take, options);
    common(take);
    take->callback([=, &action, &environment] {
        action = [=, &environment] { return chat_key_import_verb(*options, *file, environment); };
    });
    auto* copy = key->add_subcommand("export", "Write a key pair to a new key file, under its own passphrase");
    copy->add_option("id", *id, "the key's id, as `sotto key list` has it")->required();
    copy->add_option("file", *file, "the file to write")->required();
    common(copy);
    copy->callback([=, &action, &environment] {
        action = [=, &environment] { return chat_key_export_verb(*options, *id, *file, environment); };
    });
    auto* list = key->add_subcommand("list", "Print the key pairs for chat");
    common(list);
    list->callback([=, &action, &environment] {
        action = [=, &environment] { return chat_key_list_verb(*options, environment); };
    });
    auto* remove = key->add_subcommand("remove", "Delete a key pair; without an export it is gone for good");
    remove->add_option("id", *id, "the key's id")->required();
    common(remove);
    remove->callback([=, &action, &environment] {
        action = [=, &environment] { return chat_key_remove_verb(*options, *id, environment); };
    });
}

}  // namespace

void add_key(CLI::App& app, Action& action, const Environment& environment) {
    auto* key = app.add_subcommand("key", "The node's identity, and key pairs for chat: never prints a secret");
    key->require_subcommand(1);
    add_identity(key, action, environment);
    add_chat_keys(key, action, environment);
}

}  // namespace sotto::app
