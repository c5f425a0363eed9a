// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <optional>

#include "crypto/cipher.hpp"
#include "devp2p/rlpx_handshake.hpp"

/// RLPx frames (ethereum/devp2p rlpx.md): 16-byte header, 16-byte MAC, body padded to 16, 16-byte MAC. AES-256-CTR,
/// MACs by a running Keccak-256. Both directions use the same keystream, a flaw of the protocol: integrity is RLPx's,
/// secrecy must be the payload's own.
namespace sotto::devp2p {

inline constexpr std::size_t kFrameHeader = 32;
inline constexpr std::size_t kFrameMac = 16;
inline constexpr std::size_t kMaxFrameContent = (1u << 24) - 1;

/// One direction's MAC. The digest that ends a frame seeds the next header: it is kept, not computed twice.
class FrameMac {
  public:
    FrameMac(const ByteArray<32>& key, const crypto::Keccak256& state);
    ByteArray<16> header(BytesView ciphertext16);
    ByteArray<16> body(BytesView ciphertext);

  private:
    ByteArray<16> mix(BytesView with);

    crypto::Aes256Block cipher_;
    crypto::Keccak256 state_;
    ByteArray<16> digest_;
};

class FrameEncoder {
  public:
    explicit FrameEncoder(const RlpxSecrets& secrets);
    /// Appends one frame whose content is the pieces in order; at most kMaxFrameContent bytes.
    void append_frame(Bytes& out, Buffers content);

  private:
    crypto::AesCtr cipher_;
    FrameMac mac_;
};

/// Takes needed() bytes at a time: a header, then its body.
class FrameDecoder {
  public:
    FrameDecoder(const RlpxSecrets& secrets, std::size_t max_content);
    std::size_t needed() const noexcept { return body_ ? padded(*body_) + kFrameMac : kFrameHeader; }
    /// Exactly needed() bytes, decrypted in place. nullopt after a header, the frame's content (inside `chunk`) after a
    /// body. unauthentic, too_large: the session is over.
    Result<std::optional<BytesView>> take(BytesSpan chunk);

  private:
    static std::size_t padded(std::size_t size) noexcept { return (size + 15) & ~std::size_t{15}; }
    Result<void> take_header(BytesSpan chunk);

    crypto::AesCtr cipher_;
    FrameMac mac_;
    std::size_t max_content_;
    std::optional<std::size_t> body_;  ///< size of the running frame's content
};

}  // namespace sotto::devp2p
