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

template <class Lane>
SOTTO_INLINE void theta(Lane (&a)[25]) noexcept {
    Lane parity[5];
#pragma unroll
    for (unsigned x = 0; x < 5; ++x) parity[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
#pragma unroll
    for (unsigned x = 0; x < 5; ++x) {
        Lane mixed = parity[(x + 1) % 5];
        rotate(mixed, 1);
        mixed ^= parity[(x + 4) % 5];
#pragma unroll
        for (unsigned y = 0; y < 5; ++y) a[x + 5 * y] ^= mixed;
    }
}

template <class Lane>
SOTTO_INLINE void rho_pi_chi(Lane (&a)[25]) noexcept {
    Lane b[25];
#pragma unroll
    for (unsigned x = 0; x < 5; ++x) {
#pragma unroll
        for (unsigned y = 0; y < 5; ++y) {
            Lane& to = b[y + 5 * ((2 * x + 3 * y) % 5)];
            to = a[x + 5 * y];
            rotate(to, kRotations[x + 5 * y]);
        }
    }
#pragma unroll
    for (unsigned y = 0; y < 25; y += 5) {
#pragma unroll
        for (unsigned x = 0; x < 5; ++x) a[x + y] = b[x + y] ^ (~b[(x + 1) % 5 + y] & b[(x + 2) % 5 + y]);
    }
}

template <class Lane>
SOTTO_INLINE void permute_lanes(Lane (&a)[25]) noexcept {
    for (const std::uint64_t constant : kRoundConstants) {
        theta(a);
        rho_pi_chi(a);
        a[0] ^= constant;
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
