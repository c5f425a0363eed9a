// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "crypto/keccak.hpp"

#include <algorithm>
#include <bit>

#include "crypto/keccak_kernels.hpp"

namespace sotto::crypto {
namespace {

const keccak::Backend& best() noexcept {
    static const keccak::Backend& chosen = keccak::backends().back();
    return chosen;
}

std::uint64_t little_endian(std::uint64_t word) noexcept {
    return std::endian::native == std::endian::little ? word : __builtin_bswap64(word);
}

void absorb(keccak::Lanes& lanes, const Byte* block) noexcept {
    for (std::size_t i = 0; i < Keccak256::kRate / 8; ++i) {
        std::uint64_t word;
        std::memcpy(&word, block + 8 * i, sizeof word);
        lanes[i] ^= little_endian(word);
    }
    best().permute(lanes);
}

}  // namespace

Keccak256& Keccak256::update(BytesView bytes) noexcept {
    if (used_ > 0) {
        const auto head = bytes.first(std::min(bytes.size(), kRate - used_));
        std::ranges::copy(head, buffer_.begin() + static_cast<std::ptrdiff_t>(used_));
        used_ += head.size();
        bytes = bytes.subspan(head.size());
        if (used_ < kRate) return *this;
        absorb(lanes_, buffer_.data());
        used_ = 0;
    }
    for (; bytes.size() >= kRate; bytes = bytes.subspan(kRate)) absorb(lanes_, bytes.data());
    std::ranges::copy(bytes, buffer_.begin());
    used_ = bytes.size();
    return *this;
}

Hash256 Keccak256::digest() const noexcept {
    ByteArray<kRate> block{};
    std::ranges::copy(pending(), block.begin());
    block[used_] = 0x01;
    block[kRate - 1] |= 0x80;
    auto lanes = lanes_;
    absorb(lanes, block.data());
    for (auto& lane : lanes) lane = little_endian(lane);
    Hash256 out;
    std::memcpy(out.data(), lanes.data(), out.size());
    return out;
}

Hash256 keccak256(BytesView bytes) noexcept {
    return Keccak256().update(bytes).digest();
}

Hash256 keccak256(Buffers parts) noexcept {
    Keccak256 hasher;
    for (const auto& part : parts) hasher.update(part);
    return hasher.digest();
}

void keccak_permute(std::array<std::uint64_t, 25>& lanes) noexcept {
    best().permute(lanes);
}

void keccak_permute_x8(std::uint64_t (*lanes)[8]) noexcept {
    best().permute_x8(lanes);
}

std::string_view keccak_backend() noexcept {
    return best().name;
}

}  // namespace sotto::crypto
