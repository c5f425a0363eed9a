// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "crypto/libraries.hpp"

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <sodium.h>

#include <algorithm>

namespace sotto::crypto::libraries {

void Free::operator()(evp_cipher_ctx_st* object) const noexcept {
    EVP_CIPHER_CTX_free(object);
}
void Free::operator()(evp_md_ctx_st* object) const noexcept {
    EVP_MD_CTX_free(object);
}
void Free::operator()(evp_pkey_ctx_st* object) const noexcept {
    EVP_PKEY_CTX_free(object);
}
void Free::operator()(evp_pkey_st* object) const noexcept {
    EVP_PKEY_free(object);
}
void Free::operator()(ossl_param_bld_st* object) const noexcept {
    OSSL_PARAM_BLD_free(object);
}
void Free::operator()(ossl_param_st* object) const noexcept {
    OSSL_PARAM_free(object);
}
void Free::operator()(bignum_st* object) const noexcept {
    BN_free(object);
}

const evp_cipher_st* fetch_cipher(const char* name) {
    const EVP_CIPHER* cipher = EVP_CIPHER_fetch(nullptr, name, nullptr);
    expect(cipher != nullptr, name);
    return cipher;
}

Owned<evp_cipher_ctx_st> new_cipher_context() {
    Owned<evp_cipher_ctx_st> context(EVP_CIPHER_CTX_new());
    expect(context != nullptr, "EVP_CIPHER_CTX_new");
    return context;
}

void cipher_update(evp_cipher_ctx_st* context, BytesView in, Byte* out) {
    // An AEAD passes over a chunk twice, the second time from the first-level cache. A multiple of every block size
    // keeps all of a chunk in its own call.
    constexpr std::size_t kChunk = 8 * 1024;
    while (!in.empty()) {
        const auto chunk = in.first(std::min(in.size(), kChunk));
        int written = 0;
        expect(EVP_CipherUpdate(context, out, &written, chunk.data(), static_cast<int>(chunk.size())) == 1,
               "EVP_CipherUpdate");
        in = in.subspan(chunk.size());
        if (out != nullptr) out += chunk.size();
    }
}

void prepare_sodium() noexcept {
    static const bool ready = sodium_init() >= 0;
    SOTTO_ASSERT(ready, "libsodium does not start");
}

}  // namespace sotto::crypto::libraries
