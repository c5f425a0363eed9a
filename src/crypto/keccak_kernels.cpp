// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "crypto/keccak_kernels.hpp"

#include "crypto/keccak_rounds.hpp"

namespace sotto::crypto::keccak {
namespace {

SOTTO_INLINE void permute_one(Lanes& lanes) noexcept {
    std::uint64_t a[25];
    __builtin_memcpy(a, lanes.data(), sizeof a);
    permute_lanes(a);
    __builtin_memcpy(lanes.data(), a, sizeof a);
}

void permute_scalar(Lanes& lanes) noexcept {
    permute_one(lanes);
}

void permute_x8_scalar(std::uint64_t (*lanes)[8]) noexcept {
    permute_interleaved<std::uint64_t>(lanes);
}

#if defined(__x86_64__)

using Vector4 = std::uint64_t __attribute__((vector_size(32)));
using Vector8 = std::uint64_t __attribute__((vector_size(64)));

/// One sponge gains most from the instructions "and not" and "rotate to": with a plane in each AVX-512 register the
/// shuffles take longer than all of this.
[[gnu::target("bmi,bmi2")]] void permute_bmi(Lanes& lanes) noexcept {
    permute_one(lanes);
}

[[gnu::target("avx2")]] void permute_x8_avx2(std::uint64_t (*lanes)[8]) noexcept {
    permute_interleaved<Vector4>(lanes);
}

[[gnu::target("avx512f")]] void permute_x8_avx512(std::uint64_t (*lanes)[8]) noexcept {
    permute_interleaved<Vector8>(lanes);
}

#endif

}  // namespace

std::span<const Backend> backends() noexcept {
#if defined(__x86_64__)
    // In the order of what they need: each machine runs a first part of the list.
    static constexpr Backend kAll[] = {
        {"scalar", permute_scalar, permute_x8_scalar},
        {"avx2", permute_bmi, permute_x8_avx2},
        {"avx512", permute_bmi, permute_x8_avx512},
    };
    static const std::size_t count = []() -> std::size_t {
        __builtin_cpu_init();
        if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi2")) return 1;
        return __builtin_cpu_supports("avx512f") ? 3 : 2;
    }();
#else
    static constexpr Backend kAll[] = {{"scalar", permute_scalar, permute_x8_scalar}};
    static constexpr std::size_t count = 1;
#endif
    return std::span(kAll).first(count);
}

}  // namespace sotto::crypto::keccak
