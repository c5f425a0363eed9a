// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <array>
#include <cstdint>

/// Keccak-f[1600] (FIPS 202, section 3.2) in terms of any lane type: one word, or a vector of words of several sponges.
namespace sotto::crypto::keccak {

inline constexpr std::array<std::uint64_t, 24> kRoundConstants = [] {
    std::array<std::uint64_t, 24> constants{};
    unsigned lfsr = 1;
    for (auto& constant : constants) {
        for (unsigned j = 0; j < 7; ++j) {
            if ((lfsr & 1) != 0) constant |= std::uint64_t{1} << ((1U << j) - 1);
            lfsr = (lfsr << 1) ^ ((lfsr & 0x80) != 0 ? 0x171 : 0);
        }
    }
    return constants;
}();

/// Rotations of rho by lane x + 5y.
inline constexpr std::array<unsigned, 25> kRotations = [] {
    std::array<unsigned, 25> rotations{};
    unsigned x = 1;
    unsigned y = 0;
    for (unsigned t = 0; t < 24; ++t) {
        rotations[x + 5 * y] = (t + 1) * (t + 2) / 2 % 64;
        const unsigned next = (2 * x + 3 * y) % 5;
        x = y;
        y = next;
    }
    return rotations;
}();

// Lanes go by reference: vectors by value would need an ABI that the caller may lack.
#define SOTTO_INLINE [[gnu::always_inline]] inline

template <class Lane>
SOTTO_INLINE void rotate(Lane& lane, unsigned count) noexcept {
    if (count != 0) lane = (lane << count) | (lane >> (64 - count));
}

/// What theta adds to each column.
template <class Lane>
SOTTO_INLINE void column_effect(const Lane (&a)[25], Lane (&effect)[5]) noexcept {
    Lane parity[5];
#pragma unroll
    for (unsigned x = 0; x < 5; ++x) parity[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
#pragma unroll
    for (unsigned x = 0; x < 5; ++x) {
        effect[x] = parity[(x + 1) % 5];
        rotate(effect[x], 1);
        effect[x] ^= parity[(x + 4) % 5];
    }
}

/// One round, row by row of the result: five lanes at a time go through theta, rho and pi, and chi meets them in
/// registers.
template <class Lane>
SOTTO_INLINE void round(const Lane (&from)[25], Lane (&to)[25], std::uint64_t constant) noexcept {
    Lane effect[5];
    column_effect(from, effect);
#pragma unroll
    for (unsigned y = 0; y < 5; ++y) {
        Lane row[5];
#pragma unroll
        for (unsigned x = 0; x < 5; ++x) {
            const unsigned column = (x + 3 * y) % 5;  // pi: what was at (column, x) comes to (x, y)
            row[x] = from[column + 5 * x] ^ effect[column];
            rotate(row[x], kRotations[column + 5 * x]);
        }
#pragma unroll
        for (unsigned x = 0; x < 5; ++x) to[x + 5 * y] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5]);
    }
    to[0] ^= constant;
}

/// Rounds go from one array to the other and back: nothing is moved between them.
template <class Lane>
SOTTO_INLINE void permute_lanes(Lane (&a)[25]) noexcept {
    Lane b[25];
    for (unsigned i = 0; i < kRoundConstants.size(); i += 2) {
        round(a, b, kRoundConstants[i]);
        round(b, a, kRoundConstants[i + 1]);
    }
}

/// Eight interleaved sponges, as many at a time as a lane holds.
template <class Lane>
SOTTO_INLINE void permute_interleaved(std::uint64_t (*lanes)[8]) noexcept {
    for (unsigned first = 0; first < 8; first += sizeof(Lane) / 8) {
        Lane a[25];
#pragma unroll
        for (unsigned i = 0; i < 25; ++i) __builtin_memcpy(&a[i], &lanes[i][first], sizeof(Lane));
        permute_lanes(a);
#pragma unroll
        for (unsigned i = 0; i < 25; ++i) __builtin_memcpy(&lanes[i][first], &a[i], sizeof(Lane));
    }
}

}  // namespace sotto::crypto::keccak
