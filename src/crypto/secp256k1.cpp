// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "crypto/secp256k1.hpp"

#include <secp256k1.h>
#include <secp256k1_ecdh.h>
#include <secp256k1_recovery.h>
#include <sodium.h>

#include <optional>

#include "base/assert.hpp"
#include "crypto/hash.hpp"

namespace sotto::crypto::secp256k1 {
namespace {

constexpr Byte kUncompressed = 0x04;

/// Shared by all threads: it is not changed once it is blinded against side channels. The blinding shows in no result.
const secp256k1_context* context() noexcept {
    static const secp256k1_context* const blinded = [] {
        secp256k1_context* const made = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
        ByteArray<32> seed;
        randombytes_buf(seed.data(), seed.size());
        SOTTO_ASSERT(secp256k1_context_randomize(made, seed.data()) == 1, "secp256k1 context");
        wipe(seed);
        return made;
    }();
    return blinded;
}

std::optional<secp256k1_pubkey> parse(BytesView encoded) noexcept {
    secp256k1_pubkey key;
    if (secp256k1_ec_pubkey_parse(context(), &key, encoded.data(), encoded.size()) != 1) return std::nullopt;
    return key;
}

Point serialize(const secp256k1_pubkey& key) noexcept {
    ByteArray<65> encoded;
    std::size_t size = encoded.size();
    secp256k1_ec_pubkey_serialize(context(), encoded.data(), &size, &key, SECP256K1_EC_UNCOMPRESSED);
    return first_bytes<64>(BytesView(encoded).subspan(1));
}

int copy_x(unsigned char* out, const unsigned char* x32, const unsigned char*, void*) {
    std::memcpy(out, x32, 32);
    return 1;
}

}  // namespace

bool valid_secret(BytesView secret) noexcept {
    return secret.size() == 32 && secp256k1_ec_seckey_verify(context(), secret.data()) == 1;
}

Point public_key(const Secret& secret) noexcept {
    secp256k1_pubkey key;
    SOTTO_ASSERT(secp256k1_ec_pubkey_create(context(), &key, secret.data()) == 1, "an invalid secret key");
    return serialize(key);
}

Result<Point> parse_point(BytesView encoded) {
    std::optional<secp256k1_pubkey> key;
    if (encoded.size() == 33) {
        key = parse(encoded);
    } else if (encoded.size() == 64) {
        key = parse(uncompressed(first_bytes<64>(encoded)));
    } else if (encoded.size() == 65 && encoded[0] == kUncompressed) {
        // The hybrid forms 06 and 07 are left out: nobody sends them, and one key should have one long form.
        key = parse(encoded);
    }
    if (!key) return fail(Errc::malformed, "not a secp256k1 point");
    return serialize(*key);
}

ByteArray<33> compress(const Point& point) noexcept {
    ByteArray<33> out;
    out[0] = static_cast<Byte>(0x02 | (point[63] & 1));
    std::memcpy(out.data() + 1, point.data(), 32);
    return out;
}

ByteArray<65> uncompressed(const Point& point) noexcept {
    ByteArray<65> out;
    out[0] = kUncompressed;
    std::memcpy(out.data() + 1, point.data(), point.size());
    return out;
}

Result<ByteArray<32>> ecdh(const Secret& secret, const Point& point) {
    const auto key = parse(uncompressed(point));
    if (!key) return fail(Errc::malformed, "not a secp256k1 point");
    ByteArray<32> shared;
    if (secp256k1_ecdh(context(), shared.data(), &*key, secret.data(), copy_x, nullptr) != 1) {
        return fail(Errc::invalid_argument, "an invalid secret key");
    }
    return shared;
}

ByteArray<65> sign_recoverable(const Secret& secret, const Hash256& digest) {
    secp256k1_ecdsa_recoverable_signature signature;
    SOTTO_ASSERT(
        secp256k1_ecdsa_sign_recoverable(context(), &signature, digest.data(), secret.data(), nullptr, nullptr) == 1,
        "an invalid secret key");
    ByteArray<65> out;
    int id = 0;
    secp256k1_ecdsa_recoverable_signature_serialize_compact(context(), out.data(), &id, &signature);
    out[64] = static_cast<Byte>(id);
    return out;
}

Result<Point> recover(BytesView signature65, const Hash256& digest) {
    if (signature65.size() != 65 || signature65[64] > 3) return fail(Errc::malformed, "not a recoverable signature");
    secp256k1_ecdsa_recoverable_signature signature;
    if (secp256k1_ecdsa_recoverable_signature_parse_compact(
            context(), &signature, signature65.data(), signature65[64]) != 1) {
        return fail(Errc::malformed, "a signature out of range");
    }
    secp256k1_pubkey key;
    if (secp256k1_ecdsa_recover(context(), &key, &signature, digest.data()) != 1) {
        return fail(Errc::unauthentic, "a signature of no key");
    }
    return serialize(key);
}

Bytes sign_der(const Secret& secret, const Hash256& digest) {
    secp256k1_ecdsa_signature signature;
    SOTTO_ASSERT(secp256k1_ecdsa_sign(context(), &signature, digest.data(), secret.data(), nullptr, nullptr) == 1,
                 "an invalid secret key");
    Bytes out(72);
    std::size_t size = out.size();
    SOTTO_ASSERT(secp256k1_ecdsa_signature_serialize_der(context(), out.data(), &size, &signature) == 1,
                 "a DER signature longer than 72 bytes");
    out.resize(size);
    return out;
}

bool verify_der(const Point& point, const Hash256& digest, BytesView der) noexcept {
    if (der.empty()) return false;  // The library aborts on a null pointer.
    const auto key = parse(uncompressed(point));
    secp256k1_ecdsa_signature signature;
    if (!key || secp256k1_ecdsa_signature_parse_der(context(), &signature, der.data(), der.size()) != 1) return false;
    // The library verifies only the lower of the two values of S; other implementations send either.
    secp256k1_ecdsa_signature_normalize(context(), &signature, &signature);
    return secp256k1_ecdsa_verify(context(), &signature, digest.data(), &*key) == 1;
}

}  // namespace sotto::crypto::secp256k1
