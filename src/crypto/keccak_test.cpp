// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "crypto/keccak.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include "crypto/keccak_kernels.hpp"
#include "crypto/vectors_testing.hpp"

namespace sotto::crypto {
namespace {

using testing::counting_bytes;

std::string keccak_hex(std::string_view text) {
    return to_hex(keccak256(view_of(text)));
}

keccak::Lanes some_lanes(std::uint64_t seed) {
    keccak::Lanes lanes;
    for (auto& lane : lanes) lane = seed = seed * 6364136223846793005U + 1442695040888963407U;
    return lanes;
}

TEST(Keccak, MatchesPublishedHashes) {
    EXPECT_EQ(keccak_hex(""), "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
    EXPECT_EQ(keccak_hex("abc"), "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45");
    EXPECT_EQ(keccak_hex("The quick brown fox jumps over the lazy dog"),
              "4d741b6f1eb29cb2a9b9911c82f56fa8d73b04959d3d9d222895df6c0b28aa15");
}

/// SHA3-256 differs in one byte of padding only: an own sponge on our permutation must give what OpenSSL gives.
TEST(Keccak, PermutesAsOpenSslDoes) {
    for (std::size_t size = 0; size < 136; ++size) {
        auto block = counting_bytes(136);
        std::fill(block.begin() + static_cast<std::ptrdiff_t>(size), block.end(), Byte{0});
        Hash256 expected;
        ASSERT_EQ(EVP_Digest(block.data(), size, expected.data(), nullptr, EVP_sha3_256(), nullptr), 1);
        block[size] = 0x06;
        block[135] |= 0x80;
        keccak::Lanes lanes{};
        for (std::size_t i = 0; i < 17; ++i) {
            for (std::size_t j = 0; j < 8; ++j) lanes[i] |= std::uint64_t{block[8 * i + j]} << (8 * j);
        }
        keccak_permute(lanes);
        Hash256 got;
        for (std::size_t i = 0; i < 32; ++i) got[i] = static_cast<Byte>(lanes[i / 8] >> (8 * (i % 8)));
        ASSERT_EQ(to_hex(got), to_hex(expected)) << size;
    }
}

TEST(Keccak, GivesTheSameForEveryChunking) {
    const auto bytes = counting_bytes(700);
    for (std::size_t size : {0U, 1U, 135U, 136U, 137U, 271U, 272U, 273U, 700U}) {
        const auto message = BytesView(bytes).first(size);
        const auto whole = keccak256(message);
        for (std::size_t chunk : {1U, 7U, 135U, 136U, 137U, 500U}) {
            Keccak256 hasher;
            for (auto rest = message; !rest.empty(); rest = rest.subspan(std::min(chunk, rest.size()))) {
                hasher.update(rest.first(std::min(chunk, rest.size()))).update({});
            }
            EXPECT_EQ(hasher.digest(), whole) << size << " in chunks of " << chunk;
        }
        const BytesView parts[] = {message.first(size / 3), message.subspan(size / 3)};
        EXPECT_EQ(keccak256(Buffers(parts)), whole);
    }
}

TEST(Keccak, GoesOnAfterADigestAndAfterACopy) {
    Keccak256 hasher;
    hasher.update(view_of("The quick brown fox "));
    const Keccak256 copy = hasher;
    EXPECT_EQ(hasher.digest(), hasher.digest());
    hasher.update(view_of("jumps over the lazy dog"));
    EXPECT_EQ(to_hex(hasher.digest()), keccak_hex("The quick brown fox jumps over the lazy dog"));
    EXPECT_EQ(to_hex(copy.digest()), keccak_hex("The quick brown fox "));
    EXPECT_EQ(to_hex(copy.pending()), to_hex(view_of("The quick brown fox ")));
}

TEST(Keccak, IsTheSameOnEveryBackend) {
    ASSERT_EQ(keccak::backends().front().name, "scalar");
    EXPECT_EQ(keccak::backends().back().name, keccak_backend());
    for (const auto& backend : keccak::backends()) {
        for (std::uint64_t seed = 0; seed < 100; ++seed) {
            auto expected = some_lanes(seed);
            keccak::backends().front().permute(expected);
            auto lanes = some_lanes(seed);
            backend.permute(lanes);
            ASSERT_EQ(lanes, expected) << backend.name;
        }
    }
}

TEST(Keccak, PermutesEightSpongesAsEachAlone) {
    const auto check = [](keccak::PermuteX8 permute, std::string_view name) {
        std::uint64_t lanes[25][8];
        for (std::size_t k = 0; k < 8; ++k) {
            const auto start = some_lanes(k);
            for (std::size_t i = 0; i < 25; ++i) lanes[i][k] = start[i];
        }
        permute(lanes);
        for (std::size_t k = 0; k < 8; ++k) {
            auto alone = some_lanes(k);
            keccak_permute(alone);
            for (std::size_t i = 0; i < 25; ++i) ASSERT_EQ(lanes[i][k], alone[i]) << name << ' ' << k << ' ' << i;
        }
    };
    for (const auto& backend : keccak::backends()) check(backend.permute_x8, backend.name);
    check(keccak_permute_x8, "chosen");
}

}  // namespace
}  // namespace sotto::crypto
