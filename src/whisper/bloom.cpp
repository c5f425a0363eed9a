// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "whisper/bloom.hpp"

#include <algorithm>

namespace sotto::whisper {
namespace {

std::size_t bit_index(const Topic& topic, std::size_t j) noexcept {
    return topic[j] + ((topic[3] >> j & 1) != 0 ? 256u : 0u);
}
Byte bit_mask(std::size_t index) noexcept {
    return static_cast<Byte>(1u << (index % 8));
}

}  // namespace

Bloom Bloom::full() noexcept {
    Bloom bloom;
    bloom.bits_.fill(0xff);
    return bloom;
}

void Bloom::add(const Topic& topic) noexcept {
    for (std::size_t j = 0; j < 3; ++j) {
        const auto index = bit_index(topic, j);
        bits_[index / 8] |= bit_mask(index);
    }
}

void Bloom::merge(const Bloom& other) noexcept {
    for (std::size_t i = 0; i < kSize; ++i) bits_[i] |= other.bits_[i];
}

bool Bloom::matches(const Topic& topic) const noexcept {
    const std::array index{bit_index(topic, 0), bit_index(topic, 1), bit_index(topic, 2)};
    const auto set = [&](std::size_t j) { return (bits_[index[j] / 8] & bit_mask(index[j])) != 0; };
    const bool lost0 = index[0] / 8 == index[1] / 8 || index[0] / 8 == index[2] / 8;
    const bool lost1 = index[1] / 8 == index[2] / 8;
    return set(2) && (lost1 || set(1)) && (lost0 || set(0));
}

bool Bloom::is_full() const noexcept {
    return std::ranges::all_of(bits_, [](Byte byte) { return byte == 0xff; });
}

Bloom::Bits legacy_sample(const Topic& topic) noexcept {
    Bloom::Bits bits{};
    for (std::size_t j = 0; j < 3; ++j) {
        const auto index = bit_index(topic, j);
        bits[index / 8] = bit_mask(index);
    }
    return bits;
}

}  // namespace sotto::whisper
