// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <memory>

#include "base/assert.hpp"
#include "base/bytes.hpp"

struct evp_cipher_ctx_st;
struct evp_cipher_st;
struct evp_md_ctx_st;
struct evp_md_st;
struct evp_pkey_ctx_st;
struct evp_pkey_st;
struct ossl_param_bld_st;
struct ossl_param_st;
struct bignum_st;

/// What the files of this module share to use OpenSSL and libsodium. Not for other modules.
namespace sotto::crypto::libraries {

struct Free {
    void operator()(evp_cipher_ctx_st* object) const noexcept;
    void operator()(evp_md_ctx_st* object) const noexcept;
    void operator()(evp_pkey_ctx_st* object) const noexcept;
    void operator()(evp_pkey_st* object) const noexcept;
    void operator()(ossl_param_bld_st* object) const noexcept;
    void operator()(ossl_param_st* object) const noexcept;
    void operator()(bignum_st* object) const noexcept;
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

/// A call that can fail only for want of memory or by a wrong argument of ours.
inline void expect(bool done, const char* call) {
    SOTTO_ASSERT(done, call);
}

/// Lives as long as the process: fetching takes a lock that all threads share, so each algorithm is fetched once.
const evp_cipher_st* fetch_cipher(const char* name);
Owned<evp_cipher_ctx_st> new_cipher_context();
/// As EVP_CipherUpdate, of any size. `out` holds in.size() bytes, or is null for associated data.
void cipher_update(evp_cipher_ctx_st* context, BytesView in, Byte* out);

/// Ed25519 and X25519 of libsodium choose their code for this machine here. Cheap after the first call.
void prepare_sodium() noexcept;

}  // namespace sotto::crypto::libraries
