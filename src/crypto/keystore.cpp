// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "crypto/keystore.hpp"

#include <sodium.h>

#include "crypto/cipher.hpp"
#include "crypto/hash.hpp"
#include "crypto/libraries.hpp"

namespace sotto::crypto::keystore {
namespace {

constexpr std::size_t kDerived = 32;

/// libsodium's, because OpenSSL refuses n = 2^18 with r = 1, which the published vector has.
Result<void> derive(const Scrypt& kdf, BytesView passphrase, BytesView salt, BytesSpan out) {
    libraries::prepare_sodium();
    const int failed = crypto_pwhash_scryptsalsa208sha256_ll(
        passphrase.data(), passphrase.size(), salt.data(), salt.size(), kdf.n, kdf.r, kdf.p, out.data(), out.size());
    if (failed == 0) return {};
    return fail(Errc::exhausted,
                "scrypt needs " + std::to_string((128 * kdf.n * kdf.r) >> 20) + " MiB of memory, which are not there");
}

Result<void> derive(const Pbkdf2& kdf, BytesView passphrase, BytesView salt, BytesSpan out) {
    auto key = pbkdf2_sha256(passphrase, salt, kdf.c, out.size());
    std::ranges::copy(key, out.begin());
    wipe(key);
    return {};
}

Result<SecretBytes> derive_key(const KeyFile& file, BytesView passphrase) {
    SecretBytes derived(kDerived);
    const auto run = [&](const auto& kdf) { return derive(kdf, passphrase, file.salt, derived.span()); };
    SOTTO_CHECK(std::visit(run, file.kdf));
    return derived;
}

Hash256 mac_of(const SecretBytes& derived, const KeyFile& file) {
    const BytesView parts[] = {derived.view().subspan(16), file.ciphertext};
    return keccak256(Buffers(parts));
}

/// Encrypts and decrypts alike.
void apply_cipher(const SecretBytes& derived, const KeyFile& file, BytesView in, BytesSpan out) {
    AesCtr(derived.view().first(16), file.iv).apply(in, out);
}

}  // namespace

Address address_of(const PublicKey& key) {
    const auto point = key.node_id();
    libraries::expect(point.has_value(), "the address of a secp256k1 key");
    return first_bytes<20>(BytesView(keccak256(*point)).subspan(12));
}

Result<PrivateKey> open(const KeyFile& file, BytesView passphrase) {
    SOTTO_TRY(const auto derived, derive_key(file, passphrase));
    if (!equal_constant_time(mac_of(derived, file), file.mac)) {
        return fail(Errc::unauthentic, "the passphrase is wrong, or the key file is damaged");
    }
    SecretBytes secret(file.ciphertext.size());
    apply_cipher(derived, file, file.ciphertext, secret.span());
    auto key = PrivateKey::make(KeyType::secp256k1, secret.view());
    if (!key) return fail(Errc::malformed, "the key file holds no secp256k1 secret");
    if (file.address && *file.address != address_of(key->public_key())) {
        return fail(Errc::malformed, "the key file names the address of another key");
    }
    return key;
}

Result<KeyFile> seal(const PrivateKey& key,
                     BytesView passphrase,
                     const Scrypt& kdf,
                     const ByteArray<kRandomBytes>& random) {
    if (key.type() != KeyType::secp256k1) return fail(Errc::invalid_argument, "key files hold secp256k1 keys only");
    if (passphrase.empty()) return fail(Errc::invalid_argument, "an empty passphrase protects nothing");
    const BytesView bytes(random);
    KeyFile file;
    file.address = address_of(key.public_key());
    file.kdf = kdf;
    file.salt = to_bytes(bytes.first(32));
    file.iv = first_bytes<16>(bytes.subspan(32));
    file.uuid = first_bytes<16>(bytes.subspan(48));
    file.uuid[6] = static_cast<Byte>((file.uuid[6] & 0x0f) | 0x40);  // RFC 9562: version 4
    file.uuid[8] = static_cast<Byte>((file.uuid[8] & 0x3f) | 0x80);
    SOTTO_TRY(const auto derived, derive_key(file, passphrase));
    apply_cipher(derived, file, key.secret(), file.ciphertext);
    file.mac = mac_of(derived, file);
    return file;
}

}  // namespace sotto::crypto::keystore
