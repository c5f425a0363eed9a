// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <boost/json.hpp>

#include "base/offload.hpp"
#include "node/identity.hpp"
#include "rpc/methods.hpp"
#include "rpc/turns.hpp"

namespace sotto::rpc {
namespace {

using Answer = Task<Result<json::value>>;

constexpr std::size_t kWaiting = 32;

/// Whom the data directory makes of who uses it: the key of `sotto chat --data-dir`, and of the page.
class ChatIdentity {
  public:
    ChatIdentity(node::Node& node, const std::filesystem::path& data_dir)
        : node_(node), file_(data_dir / "chat-identity"), turns_(node.env().executor, kWaiting) {}

    /// In turn, so that two pages at once do not make two keys.
    Answer find() {
        SOTTO_CO_TRY(const auto turn, co_await turns_.take());
        const bool kept = !id_.empty() && co_await node_.whisper().has_key_pair(id_);
        if (!kept) {
            SOTTO_CO_TRY(const auto key, co_await load());
            if (key.type() != crypto::KeyType::secp256k1) {
                co_return fail(Errc::unsupported, "chat-identity in the data directory is no secp256k1 key");
            }
            SOTTO_CO_TRY(id_,
                         co_await node_.whisper().add_private_key(to_bytes(key.secret()), whisper::Export::forbidden));
        }
        co_return json::value(id_);
    }

  private:
    Task<Result<crypto::PrivateKey>> load() {
        const auto& env = node_.env();
        auto read = [this] { return node::read_identity(file_); };
        auto key = co_await offload(env, std::move(read));
        if (key || key.error() != Errc::not_found) co_return key;
        const auto fresh = node::generate_identity(*env.random);
        auto write = [&] { return node::write_identity(file_, fresh); };
        SOTTO_CO_CHECK(co_await offload(env, std::move(write)));
        co_return fresh;
    }

    node::Node& node_;
    std::filesystem::path file_;
    Turns turns_;
    std::string id_;  ///< of the key pair in Whisper's store
};

}  // namespace

void add_chat_identity_method(Dispatcher& dispatcher, node::Node& node, const std::filesystem::path& data_dir) {
    const auto identity = std::make_shared<ChatIdentity>(node, data_dir);
    dispatcher.add("sotto_chatIdentity", [identity](Client& client, const json::array&) -> Answer {
        if (!client.owner()) {
            co_return fail(Errc::unsupported, "only the page, the node's socket and who has the token may ask this");
        }
        co_return co_await identity->find();
    });
}

}  // namespace sotto::rpc
