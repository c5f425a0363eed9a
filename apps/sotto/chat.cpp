// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <sys/stat.h>

#include "base/loop.hpp"
#include "chat_talk.hpp"
#include "messenger/embedded.hpp"
#include "messenger/remote.hpp"
#include "node/config.hpp"
#include "node/files.hpp"
#include "node/identity.hpp"
#include "signals.hpp"
#include "token.hpp"
#include "verbs.hpp"

namespace sotto::app {
namespace {

Result<crypto::PrivateKey> load_key(Env env, const ChatOptions& options) {
    if (!options.data_dir) return node::generate_identity(*env.random);
    return node::load_identity(std::filesystem::path(*options.data_dir) / "chat-identity", *env.random);
}

/// A key of its own: the node's would tie what one says to where one's node is.
Result<Person> make_person(Env env, const ChatOptions& options) {
    Person person;
    SOTTO_TRY(const auto key, load_key(env, options));
    if (key.type() != crypto::KeyType::secp256k1) {
        return fail(Errc::invalid_argument, "chat-identity in the data directory is no secp256k1 key");
    }
    person.secret = key.secret();
    if (options.data_dir) person.contacts = std::filesystem::path(*options.data_dir) / "chat-contacts";
    if (options.history) {
        SOTTO_TRY(person.history, messenger::History::open(*options.history));
    }
    return person;
}

/// A node without listeners and RPC; its identity is in memory unless there is a data directory.
struct OwnNode {
    std::optional<node::DataDir> data_dir;
    std::unique_ptr<node::Node> node;

    static Result<OwnNode> make(Env env, const ChatOptions& options) {
        OwnNode own;
        node::RawSettings settings;
        settings["listen"] = {{"none"}, "--listen"};
        settings["rpc"] = {{"none"}, "--rpc"};
        if (!options.connect.empty()) settings["peer"] = {options.connect, "--connect"};
        SOTTO_TRY(const auto config, node::make_config(settings));
        SOTTO_TRY(const auto key, own.identity(env, options));
        SOTTO_TRY(own.node, node::Node::make(env, config, {key, key}));
        return own;
    }
    Result<crypto::PrivateKey> identity(Env env, const ChatOptions& options) {
        if (!options.data_dir) return node::generate_identity(*env.random);
        SOTTO_TRY(auto dir, node::DataDir::open(*options.data_dir));
        data_dir.emplace(std::move(dir));
        return node::load_identity(data_dir->path() / "identity", *env.random);
    }
};

int chat_over_own_node(Loop& loop, const ChatOptions& options) {
    if (options.connect.empty()) {
        return report(Error(Errc::invalid_argument,
                            "chat needs at least one node to connect to: --connect ADDR, or a running one: --rpc URL"));
    }
    auto own = OwnNode::make(loop.env(), options);
    if (!own) return report(own.error());
    auto person = make_person(loop.env(), options);
    if (!person) return report(person.error());
    messenger::Embedded backend(*own->node);
    return loop.run(talk(loop.env(), options, backend, *person));
}

/// Without the data directory's token peers have no names.
int chat_over_rpc(Loop& loop, const ChatOptions& options, const Environment& environment) {
    if (!options.connect.empty()) {
        return report(Error(Errc::invalid_argument, "--connect is for a node of chat's own: leave it out with --rpc"));
    }
    node::RawSettings flags;
    if (options.data_dir) flags["data-dir"] = {{*options.data_dir}, "--data-dir"};
    const auto config = node::load_config(std::move(flags), environment);
    if (!config) return report(config.error());
    // It may well be the directory of the running node, which holds it.
    if (options.data_dir) ::mkdir(options.data_dir->c_str(), 0700);
    auto person = make_person(loop.env(), options);
    if (!person) return report(person.error());
    auto token = token_for(*options.rpc, config->data_dir, options.data_dir.has_value());
    messenger::Remote backend(loop.env(), *options.rpc, std::move(token));
    return loop.run(talk(loop.env(), options, backend, *person));
}

}  // namespace

int chat_verb(const ChatOptions& options, const Environment& environment) {
    for (const auto& name : options.conversations) {
        if (const auto named = messenger::conversation_with(name); !named) return report(named.error());
    }
    if (const auto readable = chat::check_nick(options.nick); !readable) {
        return report(Error(Errc::invalid_argument, "--nick: " + readable.error().detail()));
    }
    log::configure(log::Level::warn, log::Format::text);
    Loop loop(worker_threads());
    return options.rpc ? chat_over_rpc(loop, options, environment) : chat_over_own_node(loop, options);
}

}  // namespace sotto::app
