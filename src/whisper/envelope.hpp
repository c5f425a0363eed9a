// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <memory>

#include "whisper/topic.hpp"

namespace sotto::whisper {

/// Bytes of the RLP of the largest envelope: with the header of a list of one it still fits a message of 1 MiB.
inline constexpr std::size_t kMaxEnvelopeSize = 1024 * 1024 - 64;

/// A list header, four empty strings and a topic. Bounds the number of envelopes in a message.
inline constexpr std::size_t kSmallestEnvelope = 1 + 4 + 5;

/// One envelope as it stands in a buffer: RLP [expiry, ttl, topic, data, nonce], integers in minimal form.
struct EnvelopeView {
    std::uint32_t expiry = 0;  ///< seconds since 1970
    std::uint32_t ttl = 0;     ///< seconds
    Topic topic{};
    std::uint64_t nonce = 0;
    BytesView data;  ///< ciphertext
    BytesView body;  ///< the first four items, encoded, without a list header: what the proof of work covers
    BytesView raw;   ///< the whole RLP

    /// When it was made by its own account. A ttl above the expiry wraps, as it does in geth: far in the future.
    std::uint64_t sent() const noexcept { return static_cast<std::uint32_t>(expiry - ttl); }
};

/// `rlp` must be exactly one envelope. Views point into it. Errors: malformed.
Result<EnvelopeView> decode_envelope(BytesView rlp);

/// The items before the nonce, without a list header.
Bytes encode_body(std::uint32_t expiry, std::uint32_t ttl, const Topic& topic, BytesView data);
/// The envelope of such a body.
Bytes encode_envelope(BytesView body, std::uint64_t nonce);

/// An envelope that owns its bytes exactly as they were received. Immutable, shared by pool, outboxes and filters.
class Envelope {
  public:
    /// `hash` is keccak256(view.raw): the caller has it from looking for duplicates.
    Envelope(const EnvelopeView& view, const Hash& hash);
    Envelope(const Envelope&) = delete;
    Envelope& operator=(const Envelope&) = delete;

    const EnvelopeView& view() const noexcept { return view_; }
    const Hash& hash() const noexcept { return hash_; }
    BytesView raw() const noexcept { return raw_; }

  private:
    Bytes raw_;
    EnvelopeView view_;
    Hash hash_;
};

using SharedEnvelope = std::shared_ptr<const Envelope>;

/// Decodes, hashes and copies in one step.
Result<SharedEnvelope> make_envelope(BytesView rlp);

}  // namespace sotto::whisper
