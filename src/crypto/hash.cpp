// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "crypto/hash.hpp"

#include <openssl/evp.h>
#include <sodium.h>

#include <algorithm>

#include "crypto/libraries.hpp"

namespace sotto::crypto {
namespace {

using libraries::expect;

constexpr std::size_t kBlockSize = 64;

/// SHA-256 on a context that each thread keeps: a new one for every digest costs more than the digest.
class Sha256 {
  public:
    Sha256() { restart(); }
    Sha256& update(BytesView bytes) {
        expect(EVP_DigestUpdate(context(), bytes.data(), bytes.size()) == 1, "SHA-256 update");
        return *this;
    }
    Hash256 finish() {
        Hash256 out;
        expect(EVP_DigestFinal_ex(context(), out.data(), nullptr) == 1, "SHA-256 end");
        return out;
    }

  private:
    static EVP_MD_CTX* context() {
        thread_local const libraries::Owned<evp_md_ctx_st> kept = make();
        return kept.get();
    }
    static libraries::Owned<evp_md_ctx_st> make() {
        static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA2-256", nullptr);
        libraries::Owned<evp_md_ctx_st> made(EVP_MD_CTX_new());
        expect(made && EVP_DigestInit_ex2(made.get(), algorithm, nullptr) == 1, "SHA-256 context");
        return made;
    }
    static void restart() { expect(EVP_DigestInit_ex2(context(), nullptr, nullptr) == 1, "SHA-256 begin"); }
};

ByteArray<kBlockSize> padded_key(BytesView key, Byte mask) {
    ByteArray<kBlockSize> block{};
    if (key.size() > kBlockSize) {
        std::ranges::copy(sha256(key), block.begin());
    } else {
        std::ranges::copy(key, block.begin());
    }
    for (auto& byte : block) byte ^= mask;
    return block;
}

}  // namespace

Hash256 sha256(BytesView bytes) {
    return Sha256().update(bytes).finish();
}

Hash256 sha256(Buffers parts) {
    Sha256 hasher;
    for (const auto& part : parts) hasher.update(part);
    return hasher.finish();
}

Hash256 hmac_sha256(BytesView key, BytesView message) {
    return hmac_sha256(key, Buffers(&message, 1));
}

Hash256 hmac_sha256(BytesView key, Buffers parts) {
    auto inner_key = padded_key(key, 0x36);
    auto outer_key = padded_key(key, 0x5c);
    Sha256 hasher;
    hasher.update(inner_key);
    for (const auto& part : parts) hasher.update(part);
    const auto inner = hasher.finish();
    const auto outer = Sha256().update(outer_key).update(inner).finish();
    wipe(inner_key);
    wipe(outer_key);
    return outer;
}

Bytes hkdf_sha256(BytesView salt, BytesView input_key, BytesView info, std::size_t size) {
    SOTTO_ASSERT(size <= 255 * sizeof(Hash256), "HKDF gives at most 8,160 bytes");
    auto pseudo_random_key = hmac_sha256(salt, input_key);
    Bytes out;
    out.reserve(size);
    Hash256 block{};
    for (Byte counter = 1; out.size() < size; ++counter) {
        const BytesView previous = counter == 1 ? BytesView{} : BytesView(block);
        const BytesView parts[] = {previous, info, BytesView(&counter, 1)};
        block = hmac_sha256(pseudo_random_key, Buffers(parts));
        append(out, BytesView(block).first(std::min(block.size(), size - out.size())));
    }
    wipe(pseudo_random_key);
    wipe(block);
    return out;
}

Bytes pbkdf2_sha256(BytesView password, BytesView salt, std::uint32_t iterations, std::size_t size) {
    SOTTO_ASSERT(iterations > 0 && iterations <= 0x7fffffff, "PBKDF2 iterations");
    Bytes out(size);
    expect(PKCS5_PBKDF2_HMAC(text_of(password).data(),
                             static_cast<int>(password.size()),
                             salt.data(),
                             static_cast<int>(salt.size()),
                             static_cast<int>(iterations),
                             EVP_sha256(),
                             static_cast<int>(size),
                             out.data()) == 1,
           "PBKDF2");
    return out;
}

bool equal_constant_time(BytesView a, BytesView b) noexcept {
    return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

void wipe(BytesSpan secret) noexcept {
    sodium_memzero(secret.data(), secret.size());
}

void wipe(std::string& secret) noexcept {
    sodium_memzero(secret.data(), secret.size());
}

}  // namespace sotto::crypto
