// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <map>
#include <string>

#include "whisper/message.hpp"

namespace sotto::whisper {

/// Whether the secret of a key pair may be read back. It may be used in any case.
enum class Export : bool { forbidden, allowed };

/// Symmetric keys and key pairs by id, 64 hex digits. Secrets are wiped when they leave. Loop thread only.
class KeyStore {
  public:
    explicit KeyStore(std::size_t limit) : limit_(limit) {}
    KeyStore(const KeyStore&) = delete;
    KeyStore& operator=(const KeyStore&) = delete;
    ~KeyStore();

    /// Errors: invalid_argument (all zero, not a secret), exists, busy (at the bound).
    Result<void> add_symmetric(const std::string& id, const SymmetricKey& key);
    const SymmetricKey* symmetric(const std::string& id) const;
    bool remove_symmetric(const std::string& id);

    /// Adding a pair again is no error; forbidden once, it stays so until it is removed.
    Result<void> add_pair(const std::string& id, const Secret& secret, Export reading);
    const Secret* secret(const std::string& id) const;
    /// Errors: not_found; unsupported (forbidden).
    Result<const Secret*> exported(const std::string& id) const;
    bool remove_pair(const std::string& id);

  private:
    struct Pair {
        Secret secret{};
        Export reading = Export::forbidden;
    };

    std::size_t limit_;
    std::map<std::string, SymmetricKey> symmetric_;
    std::map<std::string, Pair> pairs_;
};

/// 32 random bytes in hex.
std::string random_id(RandomSource& random);
/// Status's rule for ids of key pairs: 64 characters stand for themselves, anything else is run through PBKDF2-SHA256
/// (empty salt, 4,096 rounds, about 2 ms), so that a public key in hex is an id too.
std::string key_pair_id(std::string_view id);
/// "0x04" and X || Y in hex, from which a new pair's id is derived.
std::string public_key_text(const Point& key);
/// PBKDF2-SHA256, empty salt, 65,356 rounds (as the original has it): tens of milliseconds, for the workers.
SymmetricKey key_from_password(std::string_view password);

}  // namespace sotto::whisper
