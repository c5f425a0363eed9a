// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include "base/env.hpp"
#include "whisper/pow.hpp"

namespace sotto::whisper {

/// Searches a nonce. The envelope is absorbed once; a nonce costs one Keccak permutation (two when the nonce crosses a
/// block) whatever the size, eight nonces at a time. Any one thread.
class NonceSearch {
  public:
    /// `body` as of EnvelopeView. Under PowRule::both the EIP-627 rule is sealed for.
    NonceSearch(BytesView body, PowRule rule);

    /// Tries about `count` more nonces, from 0 upwards. True as soon as one has `bits` zero bits.
    bool advance(unsigned bits, std::uint64_t count) noexcept;
    std::uint64_t best_nonce() const noexcept { return best_nonce_; }
    unsigned best_bits() const noexcept { return best_bits_; }

  private:
    static constexpr std::size_t kLanes = 8;
    static constexpr std::size_t kRateWords = crypto::Keccak256::kRate / 8;

    void absorb_template(const crypto::Keccak256& state);
    void hash_batch(std::uint64_t first_nonce, std::uint64_t (*lanes)[kLanes]) const noexcept;
    unsigned zero_bits(const std::uint64_t (*lanes)[kLanes], std::size_t lane) const noexcept;

    bool leading_;
    bool two_blocks_ = false;
    std::size_t nonce_word_ = 0;
    unsigned nonce_shift_ = 0;
    std::array<std::uint64_t, 25> first_{};           ///< state with the last bytes of the message, nonce left zero
    std::array<std::uint64_t, kRateWords> second_{};  ///< the padding block, where the first has no room for it
    std::uint64_t next_nonce_ = 0;
    std::uint64_t best_nonce_ = 0;
    unsigned best_bits_ = 0;
};

struct SealOrder {
    std::uint32_t expiry = 0;
    std::uint32_t ttl = 0;
    Topic topic{};
    Bytes data;
    double pow = 0;    ///< 0: no work; negative: the best that `limit` allows
    Duration limit{};  ///< how long to search
    PowRule rule = PowRule::eip627;
};

/// Seals on the workers, in slices of a few milliseconds, so that orders take turns and a cancelled one ends soon.
/// Returns the RLP. Errors: timed_out with geth's text; invalid_argument for a pow that is not finite.
Task<Result<Bytes>> seal(Env env, SealOrder order);

}  // namespace sotto::whisper
