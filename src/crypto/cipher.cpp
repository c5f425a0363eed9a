// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "crypto/cipher.hpp"

#include <openssl/evp.h>

#include "crypto/hash.hpp"
#include "crypto/libraries.hpp"

namespace sotto::crypto {

using libraries::cipher_update;
using libraries::expect;
using libraries::fetch_cipher;
using libraries::new_cipher_context;
using Context = libraries::Owned<evp_cipher_ctx_st>;

struct NoiseCipher::Impl {
    Context context = new_cipher_context();
    std::uint64_t nonce = 0;

    /// The key stays in the context: only the nonce is set again.
    void begin(bool sealing) {
        ByteArray<12> iv{};
        for (std::size_t i = 0; i < 8; ++i) iv[4 + i] = static_cast<Byte>(nonce >> (8 * i));
        expect(EVP_CipherInit_ex2(context.get(), nullptr, nullptr, iv.data(), sealing, nullptr) == 1,
               "ChaCha20-Poly1305 nonce");
    }
};

NoiseCipher::NoiseCipher(const ByteArray<32>& key) : impl_(std::make_unique<Impl>()) {
    static const EVP_CIPHER* const cipher = fetch_cipher("ChaCha20-Poly1305");
    expect(EVP_CipherInit_ex2(impl_->context.get(), cipher, key.data(), nullptr, 1, nullptr) == 1,
           "ChaCha20-Poly1305 key");
}
NoiseCipher::NoiseCipher(NoiseCipher&&) noexcept = default;
NoiseCipher& NoiseCipher::operator=(NoiseCipher&&) noexcept = default;
NoiseCipher::~NoiseCipher() = default;

std::uint64_t NoiseCipher::nonce() const noexcept {
    return impl_->nonce;
}

void NoiseCipher::seal(Buffers plain, BytesView associated, BytesSpan out) {
    SOTTO_ASSERT(out.size() == total_size(plain) + kTagSize, "a sealed message is longer by its tag");
    Byte* to = out.data();
    impl_->begin(true);
    EVP_CIPHER_CTX* const context = impl_->context.get();
    cipher_update(context, associated, nullptr);
    for (const auto& piece : plain) {
        cipher_update(context, piece, to);
        to += piece.size();
    }
    int written = 0;
    expect(EVP_CipherFinal_ex(context, to, &written) == 1, "ChaCha20-Poly1305 end");
    expect(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kTagSize, to) == 1, "ChaCha20-Poly1305 tag");
    ++impl_->nonce;
}

Result<std::size_t> NoiseCipher::open(BytesView sealed, BytesView associated, BytesSpan out) {
    if (sealed.size() < kTagSize) return fail(Errc::unauthentic, "sealed bytes shorter than their tag");
    const auto size = sealed.size() - kTagSize;
    SOTTO_ASSERT(out.size() >= size, "no room for the opened bytes");
    auto tag = first_bytes<kTagSize>(sealed.subspan(size));

    impl_->begin(false);
    EVP_CIPHER_CTX* const context = impl_->context.get();
    expect(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kTagSize, tag.data()) == 1, "ChaCha20-Poly1305 tag");
    cipher_update(context, associated, nullptr);
    cipher_update(context, sealed.first(size), out.data());
    ByteArray<kTagSize> rest;
    int written = 0;
    if (EVP_CipherFinal_ex(context, rest.data(), &written) != 1) {
        wipe(out.first(size));
        return fail(Errc::unauthentic, "ChaCha20-Poly1305 tag does not verify");
    }
    ++impl_->nonce;
    return size;
}

struct AesCtr::Impl {
    Context context = new_cipher_context();
};

AesCtr::AesCtr(BytesView key, BytesView iv16) : impl_(std::make_unique<Impl>()) {
    static const EVP_CIPHER* const aes128 = fetch_cipher("AES-128-CTR");
    static const EVP_CIPHER* const aes256 = fetch_cipher("AES-256-CTR");
    SOTTO_ASSERT((key.size() == 16 || key.size() == 32) && iv16.size() == 16, "AES-CTR key or IV of another size");
    const EVP_CIPHER* const cipher = key.size() == 16 ? aes128 : aes256;
    expect(EVP_CipherInit_ex2(impl_->context.get(), cipher, key.data(), iv16.data(), 1, nullptr) == 1, "AES-CTR key");
}
AesCtr::AesCtr(AesCtr&&) noexcept = default;
AesCtr& AesCtr::operator=(AesCtr&&) noexcept = default;
AesCtr::~AesCtr() = default;

void AesCtr::apply(BytesView in, BytesSpan out) {
    SOTTO_ASSERT(in.size() == out.size(), "AES-CTR does not change the size");
    cipher_update(impl_->context.get(), in, out.data());
}

struct Aes256Block::Impl {
    Context context = new_cipher_context();
};

Aes256Block::Aes256Block(const ByteArray<32>& key) : impl_(std::make_unique<Impl>()) {
    static const EVP_CIPHER* const cipher = fetch_cipher("AES-256-ECB");
    EVP_CIPHER_CTX* const context = impl_->context.get();
    expect(EVP_CipherInit_ex2(context, cipher, key.data(), nullptr, 1, nullptr) == 1, "AES-256 key");
    expect(EVP_CIPHER_CTX_set_padding(context, 0) == 1, "AES-256 padding");
}
Aes256Block::Aes256Block(Aes256Block&&) noexcept = default;
Aes256Block& Aes256Block::operator=(Aes256Block&&) noexcept = default;
Aes256Block::~Aes256Block() = default;

ByteArray<16> Aes256Block::encrypt(BytesView block16) {
    SOTTO_ASSERT(block16.size() == 16, "an AES block has 16 bytes");
    ByteArray<16> out;
    cipher_update(impl_->context.get(), block16, out.data());
    return out;
}

}  // namespace sotto::crypto
