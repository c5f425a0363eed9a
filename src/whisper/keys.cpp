// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "whisper/keys.hpp"

#include <algorithm>

#include "crypto/hash.hpp"

namespace sotto::whisper {
namespace {

constexpr std::size_t kIdLength = 64;
constexpr std::uint32_t kIdRounds = 4'096;
constexpr std::uint32_t kPasswordRounds = 65'356;

}  // namespace

KeyStore::~KeyStore() {
    for (auto& [id, key] : symmetric_) crypto::wipe(key);
    for (auto& [id, pair] : pairs_) crypto::wipe(pair.secret);
}

Result<void> KeyStore::add_symmetric(const std::string& id, const SymmetricKey& key) {
    if (std::ranges::all_of(key, [](Byte byte) { return byte == 0; })) {
        return fail(Errc::invalid_argument, "invalid symmetric key");
    }
    if (symmetric_.size() >= limit_) return fail(Errc::busy, "too many symmetric keys");
    if (!symmetric_.emplace(id, key).second) return fail(Errc::exists, "failed to generate unique ID");
    return {};
}

const SymmetricKey* KeyStore::symmetric(const std::string& id) const {
    const auto it = symmetric_.find(id);
    return it == symmetric_.end() ? nullptr : &it->second;
}

bool KeyStore::remove_symmetric(const std::string& id) {
    const auto it = symmetric_.find(id);
    if (it == symmetric_.end()) return false;
    crypto::wipe(it->second);
    symmetric_.erase(it);
    return true;
}

Result<void> KeyStore::add_pair(const std::string& id, const Secret& secret, Export reading) {
    if (!crypto::secp256k1::valid_secret(secret)) return fail(Errc::invalid_argument, "invalid private key");
    const auto known = pairs_.find(id);
    if (known == pairs_.end() && pairs_.size() >= limit_) return fail(Errc::busy, "too many key pairs");
    auto& pair = pairs_[id];
    pair.secret = secret;
    pair.reading = known == pairs_.end() ? reading : std::min(pair.reading, reading);
    return {};
}

const Secret* KeyStore::secret(const std::string& id) const {
    const auto it = pairs_.find(id);
    return it == pairs_.end() ? nullptr : &it->second.secret;
}

Result<const Secret*> KeyStore::exported(const std::string& id) const {
    const auto it = pairs_.find(id);
    if (it == pairs_.end()) return fail(Errc::not_found, "invalid id");
    if (it->second.reading == Export::allowed) return &it->second.secret;
    return fail(
        Errc::unsupported,
        "this private key stays in the data directory: sotto key export hands out what its keystore has, sealed");
}

bool KeyStore::remove_pair(const std::string& id) {
    const auto it = pairs_.find(id);
    if (it == pairs_.end()) return false;
    crypto::wipe(it->second.secret);
    pairs_.erase(it);
    return true;
}

std::string random_id(RandomSource& random) {
    return to_hex(random.array<kIdLength / 2>());
}

std::string key_pair_id(std::string_view id) {
    if (id.size() == kIdLength) return std::string(id);
    return to_hex(crypto::pbkdf2_sha256(view_of(id), {}, kIdRounds, kIdLength / 2));
}

std::string public_key_text(const Point& key) {
    return to_hex_prefixed(crypto::secp256k1::uncompressed(key));
}

SymmetricKey key_from_password(std::string_view password) {
    return first_bytes<32>(crypto::pbkdf2_sha256(view_of(password), {}, kPasswordRounds, 32));
}

}  // namespace sotto::whisper
