// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include "whisper/envelope.hpp"

namespace sotto::whisper {

/// Which proof of work counts. Two were in use, and envelopes sealed under one look random to the other.
enum class PowRule : std::uint8_t {
    eip627,  ///< geth since 1.9.0, Status since 0.34: leading zeros of keccak(B || nonce), divided by len(B) * ttl
    legacy,  ///< before: trailing zeros of keccak(keccak(B) || 24 zero bytes || nonce), divided by (20 + len(data)) *
             ///< ttl
    both,    ///< the better of the two
};

Result<PowRule> parse_pow_rule(std::string_view name);
std::string_view to_string(PowRule rule) noexcept;

/// 2^zero_bits / (size * ttl); 0 when a divisor is 0.
double pow_value(unsigned zero_bits, std::uint64_t size, std::uint64_t ttl) noexcept;
double pow_eip627(const EnvelopeView& envelope) noexcept;
double pow_legacy(const EnvelopeView& envelope, std::uint64_t extra_ttl = 0) noexcept;

struct Work {
    double eip627 = 0;    ///< by the envelope's own ttl, whatever the rule: what peers' minimums are compared with
    double accepted = 0;  ///< by the rule, over ttl + extra_ttl
};
/// `extra_ttl`: an envelope made d seconds ahead of our clock counts d + 1 seconds longer. Under `both` the legacy
/// value is computed only when the EIP-627 one is not `enough`.
Work measure_work(const EnvelopeView& envelope, PowRule rule, std::uint64_t extra_ttl, double enough) noexcept;

/// Zero bits that reach `pow` under each way of counting the size: the whole RLP (EIP-627), the RLP without nonce (geth
/// when it checks) and 20 + len(data) (geth when it seals, nim). 256 and more cannot be reached. `pow` is finite and
/// positive.
unsigned target_bits(double pow, std::size_t body_size, std::size_t data_size, std::uint32_t ttl) noexcept;

/// Of the digest as a big-endian number; 256 when it is zero.
unsigned leading_zero_bits(const Hash& digest) noexcept;
unsigned trailing_zero_bits(const Hash& digest) noexcept;

}  // namespace sotto::whisper
