// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "crypto/keccak_avx512.hpp"

#if defined(__x86_64__)

#include <immintrin.h>

#include "crypto/keccak_rounds.hpp"

namespace sotto::crypto::keccak {
namespace {

constexpr __mmask8 kPlane = 0x1f;

struct alignas(64) Index {
    std::uint64_t lane[8];
};

constexpr Index by_lane(auto function) {
    Index index{};
    for (unsigned i = 0; i < 5; ++i) index.lane[i] = function(i);
    return index;
}

constexpr std::array<Index, 5> by_plane(auto function) {
    std::array<Index, 5> planes{};
    for (unsigned y = 0; y < 5; ++y) planes[y] = by_lane([&](unsigned x) { return function(x, y); });
    return planes;
}

constexpr Index kNext = by_lane([](unsigned x) { return (x + 1) % 5; });
constexpr Index kPrevious = by_lane([](unsigned x) { return (x + 4) % 5; });
constexpr auto kRho = by_plane([](unsigned x, unsigned y) -> std::uint64_t { return kRotations[x + 5 * y]; });
/// Pi moves lane x of plane y to lane y of plane 2x + 3y: sorting each plane by its targets leaves only a
/// transposition.
constexpr auto kSort = by_plane([](unsigned to, unsigned y) { return (y + 3 * to) % 5; });
/// Row i of a transposition from pairs 0|1 (lanes even or odd, low half of the index) and 2|3 (high half).
constexpr auto kJoin = [] {
    std::array<Index, 5> join{};
    for (unsigned row = 0; row < 5; ++row) {
        const unsigned pair = row & ~1U;
        join[row].lane[0] = pair;
        join[row].lane[1] = pair + 1;
        join[row].lane[2] = 8 + pair;
        join[row].lane[3] = 8 + pair + 1;
        join[row].lane[4] = row;
    }
    return join;
}();

#pragma clang attribute push(__attribute__((target("avx512f"))), apply_to = function)

SOTTO_INLINE __m512i load(const Index& index) noexcept {
    return _mm512_load_si512(&index);
}

/// Truth tables of the three-operand instruction.
constexpr int kXor = 0x96;
constexpr int kChi = 0xd2;

SOTTO_INLINE void theta(__m512i (&a)[5]) noexcept {
    const auto parity = _mm512_ternarylogic_epi64(_mm512_ternarylogic_epi64(a[0], a[1], a[2], kXor), a[3], a[4], kXor);
    const auto previous = _mm512_permutexvar_epi64(load(kPrevious), parity);
    const auto next = _mm512_rol_epi64(_mm512_permutexvar_epi64(load(kNext), parity), 1);
#pragma unroll
    for (unsigned y = 0; y < 5; ++y) a[y] = _mm512_ternarylogic_epi64(a[y], previous, next, kXor);
}

/// After pi's sort a register holds what becomes one column, so chi works across registers, before the transposition.
SOTTO_INLINE void rho_pi_chi(__m512i (&a)[5]) noexcept {
    __m512i b[5];
#pragma unroll
    for (unsigned y = 0; y < 5; ++y) {
        b[y] = _mm512_permutexvar_epi64(load(kSort[y]), _mm512_rolv_epi64(a[y], load(kRho[y])));
    }
#pragma unroll
    for (unsigned x = 0; x < 5; ++x) {
        a[x] = _mm512_ternarylogic_epi64(b[x], b[(x + 1) % 5], b[(x + 2) % 5], kChi);
    }
}

SOTTO_INLINE void transpose(__m512i (&a)[5]) noexcept {
    const __m512i low[2] = {_mm512_unpacklo_epi64(a[0], a[1]), _mm512_unpackhi_epi64(a[0], a[1])};
    const __m512i high[2] = {_mm512_unpacklo_epi64(a[2], a[3]), _mm512_unpackhi_epi64(a[2], a[3])};
    const __m512i last = a[4];
#pragma unroll
    for (unsigned row = 0; row < 5; ++row) {
        const auto join = load(kJoin[row]);
        const auto joined = _mm512_permutex2var_epi64(low[row % 2], join, high[row % 2]);
        a[row] = _mm512_mask_permutexvar_epi64(joined, 0x10, join, last);
    }
}

}  // namespace

void permute_avx512(Lanes& lanes) noexcept {
    __m512i a[5];
#pragma unroll
    for (unsigned y = 0; y < 5; ++y) a[y] = _mm512_maskz_loadu_epi64(kPlane, &lanes[5 * y]);
    for (const std::uint64_t constant : kRoundConstants) {
        theta(a);
        rho_pi_chi(a);
        transpose(a);
        a[0] = _mm512_xor_si512(a[0], _mm512_maskz_set1_epi64(1, static_cast<long long>(constant)));
    }
#pragma unroll
    for (unsigned y = 0; y < 5; ++y) _mm512_mask_storeu_epi64(&lanes[5 * y], kPlane, a[y]);
}

#pragma clang attribute pop

}  // namespace sotto::crypto::keccak

#endif
