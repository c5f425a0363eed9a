// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <openssl/evp.h>

#include "crypto/cipher.hpp"
#include "crypto/hash.hpp"
#include "crypto/libraries.hpp"

namespace sotto::crypto {
namespace {

using libraries::cipher_update;
using libraries::expect;

constexpr std::size_t kNonceSize = 12;
constexpr std::size_t kTagSize = 16;

/// A context for one message: keys do not stay behind in a long-lived one.
auto begin(const ByteArray<32>& key, BytesView nonce12, bool sealing) {
    static const EVP_CIPHER* const cipher = libraries::fetch_cipher("AES-256-GCM");
    SOTTO_ASSERT(nonce12.size() == kNonceSize, "a GCM nonce has 12 bytes");
    auto context = libraries::new_cipher_context();
    expect(EVP_CipherInit_ex2(context.get(), cipher, key.data(), nonce12.data(), sealing, nullptr) == 1, "GCM key");
    return context;
}

}  // namespace

Bytes aes256_gcm_seal(const ByteArray<32>& key, BytesView nonce12, BytesView plain, BytesView associated) {
    Bytes out(plain.size() + kTagSize);
    const auto context = begin(key, nonce12, true);
    cipher_update(context.get(), associated, nullptr);
    cipher_update(context.get(), plain, out.data());
    Byte* const tag = out.data() + plain.size();
    int written = 0;
    expect(EVP_CipherFinal_ex(context.get(), tag, &written) == 1, "GCM end");
    expect(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kTagSize, tag) == 1, "GCM tag");
    return out;
}

Result<Bytes> aes256_gcm_open(const ByteArray<32>& key, BytesView nonce12, BytesView sealed, BytesView associated) {
    if (sealed.size() < kTagSize) return fail(Errc::unauthentic, "sealed bytes shorter than their tag");
    Bytes out(sealed.size() - kTagSize);
    auto tag = first_bytes<kTagSize>(sealed.subspan(out.size()));
    const auto context = begin(key, nonce12, false);
    expect(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kTagSize, tag.data()) == 1, "GCM tag");
    cipher_update(context.get(), associated, nullptr);
    cipher_update(context.get(), sealed.first(out.size()), out.data());
    ByteArray<kTagSize> rest;
    int written = 0;
    if (EVP_CipherFinal_ex(context.get(), rest.data(), &written) != 1) {
        wipe(out);
        return fail(Errc::unauthentic, "AES-GCM tag does not verify");
    }
    return out;
}

}  // namespace sotto::crypto
