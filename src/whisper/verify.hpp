// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <optional>

#include "whisper/bloom.hpp"
#include "whisper/pow.hpp"

namespace sotto::whisper {

inline constexpr std::uint32_t kMaxTtl = 172'800;    ///< seconds: two days
inline constexpr std::uint64_t kSyncAllowance = 10;  ///< seconds that clocks may differ by

/// What becomes of an envelope. None of these is a reason to disconnect the peer: size, work, bloom and clock depend on
/// settings and clocks that it may not know, and an honest peer relays what it was given.
enum class Verdict : std::uint8_t {
    accepted,
    duplicate,
    too_large,
    bad_ttl,      ///< 0, which divides by zero, or above kMaxTtl
    from_future,  ///< made more than the allowance ahead of our clock
    expired,      ///< a little late: nobody's fault
    very_old,     ///< expired more than twice the allowance ago
    low_pow,
    bloom_mismatch,  ///< not of the topics we asked for
    pool_full,       ///< no room for one with so little work
};

std::string_view to_string(Verdict verdict) noexcept;

/// What is accepted at the moment.
struct Terms {
    std::uint64_t now = 0;  ///< seconds since 1970
    std::size_t max_size = kMaxEnvelopeSize;
    PowRule rule = PowRule::both;
    double min_pow = 0;
    Bloom bloom = Bloom::full();
    std::optional<Bloom> previous_bloom = {};  ///< still accepted: peers may not know the new one yet
};

struct Checked {
    Verdict verdict{};
    Work work;
};

/// Size, times, work and bloom, in the order of what they cost. `accepted` leaves duplicates and room to the pool.
Checked verify(const EnvelopeView& envelope, const Terms& terms) noexcept;

/// By how much an envelope's ttl counts longer since it was made ahead of our clock, as geth reckons: 0 when it was
/// not.
std::uint64_t extra_ttl(const EnvelopeView& envelope, std::uint64_t now) noexcept;

}  // namespace sotto::whisper
