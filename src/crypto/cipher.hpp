// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <memory>

#include "base/bytes.hpp"

namespace sotto::crypto {

/// ChaCha20-Poly1305 (RFC 8439) with the Noise nonce: 32 zero bits and a little-endian 64-bit counter that starts at 0
/// and is advanced by each success. One direction of one connection. Not thread-safe.
class NoiseCipher {
  public:
    static constexpr std::size_t kTagSize = 16;
    explicit NoiseCipher(const ByteArray<32>& key);
    NoiseCipher(NoiseCipher&&) noexcept;
    NoiseCipher& operator=(NoiseCipher&&) noexcept;
    ~NoiseCipher();

    /// Ciphertext and tag of the gathered pieces, into `out` of total_size(plain) + 16 bytes.
    void seal(Buffers plain, BytesView associated, BytesSpan out);
    /// Opens ciphertext||tag into `out`, which must hold sealed.size() - 16 bytes and may be the same memory. A failure
    /// (unauthentic) leaves the nonce as it was; the caller ends the session.
    Result<std::size_t> open(BytesView sealed, BytesView associated, BytesSpan out);
    std::uint64_t nonce() const noexcept;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// AES-CTR with a 128- or 256-bit key and a running keystream.
class AesCtr {
  public:
    AesCtr(BytesView key, BytesView iv16);
    AesCtr(AesCtr&&) noexcept;
    AesCtr& operator=(AesCtr&&) noexcept;
    ~AesCtr();
    /// In place or from `in` to `out` of the same size.
    void apply(BytesView in, BytesSpan out);
    void apply(BytesSpan in_place) { apply(in_place, in_place); }

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// AES-256 on single blocks (RLPx MAC).
class Aes256Block {
  public:
    explicit Aes256Block(const ByteArray<32>& key);
    Aes256Block(Aes256Block&&) noexcept;
    Aes256Block& operator=(Aes256Block&&) noexcept;
    ~Aes256Block();
    ByteArray<16> encrypt(BytesView block16);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// AES-256-GCM (NIST SP 800-38D), 12-byte nonce, 16-byte tag behind the ciphertext, one shot.
Bytes aes256_gcm_seal(const ByteArray<32>& key, BytesView nonce12, BytesView plain, BytesView associated = {});
Result<Bytes> aes256_gcm_open(const ByteArray<32>& key, BytesView nonce12, BytesView sealed, BytesView associated = {});

}  // namespace sotto::crypto
