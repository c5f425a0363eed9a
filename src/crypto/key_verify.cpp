// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "crypto/key_verify.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "crypto/hash.hpp"
#include "crypto/key_spki.hpp"
#include "crypto/libraries.hpp"

namespace sotto::crypto {
namespace {

using libraries::expect;
using libraries::Owned;
using Key = Owned<evp_pkey_st>;

/// What a refused input leaves in the error queue of the thread must not be taken for an error of a later call.
struct QuietErrors {
    QuietErrors() { ERR_set_mark(); }
    ~QuietErrors() { ERR_pop_to_mark(); }
    QuietErrors(const QuietErrors&) = delete;
    QuietErrors& operator=(const QuietErrors&) = delete;
};

Owned<bignum_st> number(BytesView magnitude) {
    Owned<bignum_st> out(BN_bin2bn(magnitude.data(), static_cast<int>(magnitude.size()), nullptr));
    expect(out != nullptr, "BN_bin2bn");
    return out;
}

Key rsa_key(const spki::RsaKey& key) {
    const auto modulus = number(key.modulus);
    const auto exponent = number(key.exponent);
    const Owned<ossl_param_bld_st> builder(OSSL_PARAM_BLD_new());
    expect(builder && OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) == 1 &&
               OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) == 1,
           "RSA parameters");
    const Owned<ossl_param_st> parameters(OSSL_PARAM_BLD_to_param(builder.get()));
    const Owned<evp_pkey_ctx_st> context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
    expect(parameters && context && EVP_PKEY_fromdata_init(context.get()) == 1, "RSA context");
    EVP_PKEY* made = nullptr;
    expect(EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, parameters.get()) == 1, "RSA key");
    return Key(made);
}

/// Copying a key that has only its group is several times faster than making one from parameters.
Key p256_template() {
    const Owned<evp_pkey_ctx_st> context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
    EVP_PKEY* made = nullptr;
    expect(context && EVP_PKEY_paramgen_init(context.get()) == 1 &&
               EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context.get(), NID_X9_62_prime256v1) == 1 &&
               EVP_PKEY_paramgen(context.get(), &made) == 1,
           "P-256 group");
    return Key(made);
}

/// Null when the point is not on the curve.
Key p256_key(BytesView point65) {
    static const Key group = p256_template();
    Key key(EVP_PKEY_dup(group.get()));
    expect(key != nullptr, "EVP_PKEY_dup");
    if (EVP_PKEY_set1_encoded_public_key(key.get(), point65.data(), point65.size()) != 1) return nullptr;
    return key;
}

bool verify(EVP_PKEY* key, bool rsa, BytesView message, BytesView signature) {
    static const EVP_MD* const sha2 = EVP_MD_fetch(nullptr, "SHA2-256", nullptr);
    const Owned<evp_pkey_ctx_st> context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
    expect(context && EVP_PKEY_verify_init(context.get()) == 1, "signature context");
    if (rsa) expect(EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) == 1, "RSA padding");
    expect(EVP_PKEY_CTX_set_signature_md(context.get(), sha2) == 1, "signature digest");
    const auto digest = sha256(message);
    return EVP_PKEY_verify(context.get(), signature.data(), signature.size(), digest.data(), digest.size()) == 1;
}

}  // namespace

Result<void> check_ecdsa_key(BytesView spki) {
    const QuietErrors quiet;
    SOTTO_TRY(const auto point, spki::parse_p256(spki));
    if (!p256_key(point)) return fail(Errc::malformed, "not a point of P-256");
    return {};
}

bool verify_rsa(BytesView spki, BytesView message, BytesView signature) {
    const QuietErrors quiet;
    const auto key = spki::parse_rsa(spki);
    return key && verify(rsa_key(*key).get(), true, message, signature);
}

bool verify_ecdsa(BytesView spki, BytesView message, BytesView signature) {
    const QuietErrors quiet;
    const auto point = spki::parse_p256(spki);
    if (!point) return false;
    const auto key = p256_key(*point);
    return key && verify(key.get(), false, message, signature);
}

}  // namespace sotto::crypto
