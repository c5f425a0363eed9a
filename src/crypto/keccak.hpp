// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include "base/bytes.hpp"

namespace sotto::crypto {

using Hash256 = ByteArray<32>;

/// Keccak-256 with the original padding (0x01), as Ethereum uses it; SHA3-256 pads differently. Cheap to copy: RLPx and
/// PoW clone a running state. The permutation is chosen for the machine once at run time.
class Keccak256 {
  public:
    static constexpr std::size_t kRate = 136;

    Keccak256& update(BytesView bytes) noexcept;
    /// Of all so far; the state goes on unchanged.
    Hash256 digest() const noexcept;

    /// For lane-parallel users (PoW): the sponge lanes and the bytes not absorbed yet (fewer than kRate).
    const std::array<std::uint64_t, 25>& lanes() const noexcept { return lanes_; }
    BytesView pending() const noexcept { return BytesView(buffer_).first(used_); }

  private:
    std::array<std::uint64_t, 25> lanes_{};
    ByteArray<kRate> buffer_{};
    std::size_t used_ = 0;
};

Hash256 keccak256(BytesView bytes) noexcept;
Hash256 keccak256(Buffers parts) noexcept;

/// One sponge permutation in place.
void keccak_permute(std::array<std::uint64_t, 25>& lanes) noexcept;
/// Eight independent sponges at once, lane-interleaved: lanes[25][8]. AVX-512, AVX2 or scalar by the machine.
void keccak_permute_x8(std::uint64_t (*lanes)[8]) noexcept;
/// "avx512", "avx2" or "scalar": what was chosen, for benchmarks to print.
std::string_view keccak_backend() noexcept;

}  // namespace sotto::crypto
