// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "base/fuzz.hpp"
#include "crypto/keystore.hpp"

using namespace sotto;
namespace keystore = crypto::keystore;

namespace {

bool is_quick(const keystore::KeyFile& file) {
    if (const auto* pbkdf2 = std::get_if<keystore::Pbkdf2>(&file.kdf)) return pbkdf2->c == keystore::kMinPbkdf2Rounds;
    const auto& scrypt = std::get<keystore::Scrypt>(file.kdf);
    return scrypt.n * scrypt.r * scrypt.p <= keystore::kMinScryptN;
}

void check_bounds(const keystore::KeyFile& file) {
    SOTTO_FUZZ_CHECK(!file.salt.empty() && file.salt.size() <= keystore::kMaxSalt);
    const auto* scrypt = std::get_if<keystore::Scrypt>(&file.kdf);
    if (!scrypt) return;
    SOTTO_FUZZ_CHECK(scrypt->n >= keystore::kMinScryptN && scrypt->r > 0 && scrypt->p > 0);
    SOTTO_FUZZ_CHECK(scrypt->n * scrypt->r <= keystore::kMaxScryptMemory / 128);
    SOTTO_FUZZ_CHECK(scrypt->n * scrypt->r * scrypt->p <= keystore::kMaxScryptWork / 128);
}

}  // namespace

SOTTO_FUZZ(keystore) {
    const auto file = keystore::parse(text_of(input));
    if (!file) return;
    check_bounds(*file);
    const auto back = keystore::parse(keystore::serialize(*file));
    SOTTO_FUZZ_CHECK(back && *back == *file);
    if (!is_quick(*file)) return;
    const auto key = keystore::open(*file, view_of("secret"));
    SOTTO_FUZZ_CHECK(!key || !file->address || *file->address == keystore::address_of(key->public_key()));
}
