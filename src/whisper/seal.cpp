// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "whisper/seal.hpp"

#include <bit>
#include <cmath>
#include <utility>

#include "base/offload.hpp"
#include "codec/rlp.hpp"

namespace sotto::whisper {
namespace {

constexpr std::uint64_t kNoncesPerSlice = 1 << 15;
constexpr unsigned kBestPossible = 257;

std::uint64_t load_le(BytesView bytes) noexcept {
    return std::byteswap(load_be<std::uint64_t>(bytes));
}

crypto::Keccak256 midstate(BytesView body, PowRule rule) {
    Bytes header;
    rlp::append_header(header, true, body.size());
    crypto::Keccak256 state;
    state.update(header).update(body);
    if (rule != PowRule::legacy) return state;
    ByteArray<56> block{};
    const Hash inner = state.digest();
    std::ranges::copy(inner, block.begin());
    return crypto::Keccak256().update(block);
}

}  // namespace

NonceSearch::NonceSearch(BytesView body, PowRule rule) : leading_(rule != PowRule::legacy) {
    absorb_template(midstate(body, rule));
}

void NonceSearch::absorb_template(const crypto::Keccak256& state) {
    constexpr std::size_t kRate = crypto::Keccak256::kRate;
    const auto used = state.pending().size();
    two_blocks_ = used + 8 >= kRate;
    ByteArray<2 * kRate> tail{};
    std::ranges::copy(state.pending(), tail.begin());
    tail[used + 8] = 0x01;
    tail[(two_blocks_ ? 2 * kRate : kRate) - 1] |= 0x80;

    first_ = state.lanes();
    for (std::size_t i = 0; i < kRateWords; ++i) {
        first_[i] ^= load_le(BytesView(tail).subspan(8 * i, 8));
        second_[i] = load_le(BytesView(tail).subspan(kRate + 8 * i, 8));
    }
    nonce_word_ = used / 8;
    nonce_shift_ = static_cast<unsigned>(used % 8) * 8;
}

void NonceSearch::hash_batch(std::uint64_t first_nonce, std::uint64_t (*lanes)[kLanes]) const noexcept {
    // The nonce is big-endian in the message and lanes are little-endian: swapped, it is one shifted word.
    const auto low = [&](std::size_t k) { return std::byteswap(first_nonce + k) << nonce_shift_; };
    const auto high = [&](std::size_t k) {
        return nonce_shift_ == 0 ? 0 : std::byteswap(first_nonce + k) >> (64 - nonce_shift_);
    };
    for (std::size_t i = 0; i < 25; ++i) {
        for (std::size_t k = 0; k < kLanes; ++k) lanes[i][k] = first_[i];
    }
    const bool crosses = nonce_word_ + 1 == kRateWords;
    for (std::size_t k = 0; k < kLanes; ++k) {
        lanes[nonce_word_][k] ^= low(k);
        if (!crosses) lanes[nonce_word_ + 1][k] ^= high(k);
    }
    crypto::keccak_permute_x8(lanes);
    if (!two_blocks_) return;
    for (std::size_t i = 0; i < kRateWords; ++i) {
        for (std::size_t k = 0; k < kLanes; ++k) lanes[i][k] ^= second_[i];
    }
    for (std::size_t k = 0; k < kLanes && crosses; ++k) lanes[0][k] ^= high(k);
    crypto::keccak_permute_x8(lanes);
}

unsigned NonceSearch::zero_bits(const std::uint64_t (*lanes)[kLanes], std::size_t lane) const noexcept {
    unsigned zeros = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        const auto word = std::byteswap(lanes[leading_ ? i : 3 - i][lane]);
        zeros += static_cast<unsigned>(leading_ ? std::countl_zero(word) : std::countr_zero(word));
        if (word != 0) break;
    }
    return zeros;
}

bool NonceSearch::advance(unsigned bits, std::uint64_t count) noexcept {
    alignas(64) std::uint64_t lanes[25][kLanes];
    const auto end = next_nonce_ + count;
    while (next_nonce_ < end) {
        hash_batch(next_nonce_, lanes);
        for (std::size_t k = 0; k < kLanes; ++k) {
            const auto zeros = zero_bits(lanes, k);
            if (zeros <= best_bits_) continue;
            best_bits_ = zeros;
            best_nonce_ = next_nonce_ + k;
        }
        next_nonce_ += kLanes;
        if (best_bits_ >= bits) return true;
    }
    return false;
}

Task<Result<Bytes>> seal(Env env, SealOrder order) {
    if (!std::isfinite(order.pow)) co_return fail(Errc::invalid_argument, "the PoW target is no number");
    const Bytes body = encode_body(order.expiry, order.ttl, order.topic, order.data);
    if (order.pow == 0) co_return encode_envelope(body, 0);

    const bool best_effort = order.pow < 0;
    const unsigned bits =
        best_effort ? kBestPossible : target_bits(order.pow, body.size(), order.data.size(), order.ttl);
    const auto deadline = Deadline::in(*env.clock, order.limit);
    NonceSearch search(body, order.rule);
    bool found = false;
    do {
        auto slice = [&search, bits] { return search.advance(bits, kNoncesPerSlice); };
        found = co_await offload(env, std::move(slice));
    } while (!found && deadline.left(*env.clock) > Duration::zero());

    if (!found && !best_effort) {
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(order.limit).count();
        co_return fail(Errc::timed_out,
                       "failed to reach the PoW target, specified pow time (" + std::to_string(seconds) +
                           " seconds) was insufficient");
    }
    co_return encode_envelope(body, search.best_nonce());
}

}  // namespace sotto::whisper
