// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include "crypto/keccak_kernels.hpp"

namespace sotto::crypto::keccak {

#if defined(__x86_64__)
/// One sponge with a plane of five lanes in each register. Needs AVX512F.
void permute_avx512(Lanes& lanes) noexcept;
#endif

}  // namespace sotto::crypto::keccak
