// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <boost/json.hpp>

#include "base/offload.hpp"
#include "crypto/hash.hpp"
#include "crypto/keystore.hpp"
#include "node/identity.hpp"
#include "node/key_directory.hpp"
#include "rpc/methods.hpp"
#include "rpc/params.hpp"
#include "rpc/turns.hpp"

namespace sotto::rpc {
namespace {

namespace keystore = crypto::keystore;
using Answer = Task<Result<json::value>>;
using node::KeyDirectory;

constexpr std::size_t kWaiting = 8;

Result<crypto::SecretBytes> passphrase_param(const json::array& params, std::size_t index) {
    SOTTO_TRY(auto text, string_param(params, index));
    auto secret = crypto::SecretBytes::copy_of(view_of(text));
    crypto::wipe(text);
    if (secret.size() > keystore::kMaxPassphrase) return fail(Errc::malformed, "the passphrase is too long");
    return secret;
}

/// {"lightKdf": true}, or nothing.
Result<keystore::Scrypt> kdf_param(const json::array& params, std::size_t index) {
    if (index >= params.size() || params[index].is_null()) return keystore::kStandardKdf;
    SOTTO_TRY(const auto* options, object_param(params, index));
    SOTTO_TRY(const bool light, bool_field(*options, "lightKdf"));
    return light ? keystore::kLightKdf : keystore::kStandardKdf;
}

std::string public_key_text(const crypto::PrivateKey& key) {
    return to_hex_prefixed(crypto::secp256k1::uncompressed(*key.public_key().node_id()));
}

class Keys {
  public:
    Keys(node::Node& node, const std::filesystem::path& data_dir)
        : node_(node), directory_(data_dir), turns_(node.env().executor, kWaiting) {}

    Answer create(const json::array& params);
    Answer import_key(const json::array& params);
    Answer export_key(const json::array& params);
    Answer list();
    Answer remove(const json::array& params);
    Answer unlock(const json::array& params);
    Answer lock(const json::array& params);

  private:
    const Env& env() const noexcept { return node_.env(); }
    Task<Result<crypto::PrivateKey>> open_import(const json::array& params, const crypto::SecretBytes& passphrase);
    Answer store(const crypto::PrivateKey& key, const crypto::SecretBytes& passphrase, const keystore::Scrypt& kdf);
    Task<bool> lock_id(std::string id);

    node::Node& node_;
    KeyDirectory directory_;
    Turns turns_;
    std::map<std::string, std::string> unlocked_;  ///< id here to key pair id there
};

/// Sealing and writing, in the caller's turn.
Answer Keys::store(const crypto::PrivateKey& key, const crypto::SecretBytes& passphrase, const keystore::Scrypt& kdf) {
    const auto random = env().random->array<keystore::kRandomBytes>();
    const auto now = env().clock->wall();
    auto work = [&]() -> Result<KeyDirectory::Entry> {
        SOTTO_TRY(const auto file, keystore::seal(key, passphrase.view(), kdf, random));
        return directory_.add(file, now);
    };
    SOTTO_CO_TRY(const auto entry, co_await offload(env(), std::move(work)));
    co_return json::object{{"id", entry.id}, {"publicKey", public_key_text(key)}, {"file", entry.file.string()}};
}

Answer Keys::create(const json::array& params) {
    SOTTO_CO_TRY(const auto passphrase, passphrase_param(params, 0));
    SOTTO_CO_TRY(const auto kdf, kdf_param(params, 1));
    SOTTO_CO_TRY(const auto turn, co_await turns_.take());
    const auto key = node::generate_identity(*env().random);
    co_return co_await store(key, passphrase, kdf);
}

/// The first parameter: a key file as an object, or a secret in hex.
Task<Result<crypto::PrivateKey>> Keys::open_import(const json::array& params, const crypto::SecretBytes& passphrase) {
    if (!params.empty() && params[0].is_object()) {
        SOTTO_CO_TRY(const auto file, keystore::parse(json::serialize(params[0])));
        auto work = [&] { return keystore::open(file, passphrase.view()); };
        co_return co_await offload(env(), std::move(work));
    }
    SOTTO_CO_TRY(auto secret, bytes_param(params, 0));
    auto key = crypto::PrivateKey::make(crypto::KeyType::secp256k1, secret);
    crypto::wipe(secret);
    if (!key) co_return fail(Errc::malformed, "argument 0 is neither a key file nor a secp256k1 secret in hex");
    co_return key;
}

Answer Keys::import_key(const json::array& params) {
    SOTTO_CO_TRY(const auto passphrase, passphrase_param(params, 1));
    SOTTO_CO_TRY(const auto kdf, kdf_param(params, 2));
    SOTTO_CO_TRY(const auto turn, co_await turns_.take());
    SOTTO_CO_TRY(const auto key, co_await open_import(params, passphrase));
    co_return co_await store(key, passphrase, kdf);
}

Answer Keys::export_key(const json::array& params) {
    SOTTO_CO_TRY(const auto id, string_param(params, 0));
    auto work = [&] { return directory_.read(id); };
    SOTTO_CO_TRY(const auto file, co_await offload(env(), std::move(work)));
    co_return json::parse(keystore::serialize(file));
}

Answer Keys::list() {
    auto work = [this] { return directory_.list(); };
    SOTTO_CO_TRY(const auto entries, co_await offload(env(), std::move(work)));
    json::array all;
    for (const auto& entry : entries) {
        const auto it = unlocked_.find(entry.id);
        const auto pair = it == unlocked_.end() ? std::string() : it->second;
        const bool open = !pair.empty() && co_await node_.whisper().has_key_pair(pair);
        all.push_back({{"id", entry.id},
                       {"created", entry.created},
                       {"file", entry.file.string()},
                       {"keyPairId", open ? json::value(pair) : json::value(nullptr)}});
    }
    co_return all;
}

Task<bool> Keys::lock_id(std::string id) {
    const auto taken = unlocked_.extract(id);
    if (taken.empty()) co_return false;
    const auto deleted = co_await node_.whisper().delete_key_pair(taken.mapped(), whisper::Export::forbidden);
    co_return deleted.has_value();
}

/// In turn, so that an unlock under way is locked again.
Answer Keys::remove(const json::array& params) {
    SOTTO_CO_TRY(const auto id, string_param(params, 0));
    SOTTO_CO_TRY(const auto turn, co_await turns_.take());
    auto work = [&] { return directory_.remove(id); };
    SOTTO_CO_CHECK(co_await offload(env(), std::move(work)));
    co_await lock_id(KeyDirectory::normal_id(id));
    co_return json::value(true);
}

Answer Keys::unlock(const json::array& params) {
    SOTTO_CO_TRY(const auto id, string_param(params, 0));
    SOTTO_CO_TRY(const auto passphrase, passphrase_param(params, 1));
    SOTTO_CO_TRY(const auto turn, co_await turns_.take());
    auto work = [&]() -> Result<crypto::PrivateKey> {
        SOTTO_TRY(const auto file, directory_.read(id));
        return keystore::open(file, passphrase.view());
    };
    SOTTO_CO_TRY(const auto key, co_await offload(env(), std::move(work)));
    SOTTO_CO_TRY(const auto pair,
                 co_await node_.whisper().add_private_key(to_bytes(key.secret()), whisper::Export::forbidden));
    unlocked_.insert_or_assign(KeyDirectory::normal_id(id), pair);
    co_return json::value(pair);
}

Answer Keys::lock(const json::array& params) {
    SOTTO_CO_TRY(const auto id, string_param(params, 0));
    const bool locked = co_await lock_id(KeyDirectory::normal_id(id));
    co_return json::value(locked);
}

}  // namespace

void add_key_methods(Dispatcher& dispatcher, node::Node& node, const std::filesystem::path& data_dir) {
    const auto keys = std::make_shared<Keys>(node, data_dir);
    using Params = const json::array&;
    dispatcher.add("admin_keyCreate", [keys](Client&, Params params) { return keys->create(params); });
    dispatcher.add("admin_keyImport", [keys](Client&, Params params) { return keys->import_key(params); });
    dispatcher.add("admin_keyExport", [keys](Client&, Params params) { return keys->export_key(params); });
    dispatcher.add("admin_keyList", [keys](Client&, Params) { return keys->list(); });
    dispatcher.add("admin_keyRemove", [keys](Client&, Params params) { return keys->remove(params); });
    dispatcher.add("admin_keyUnlock", [keys](Client&, Params params) { return keys->unlock(params); });
    dispatcher.add("admin_keyLock", [keys](Client&, Params params) { return keys->lock(params); });
}

}  // namespace sotto::rpc
