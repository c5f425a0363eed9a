// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "whisper/seal.hpp"

#include <cmath>

#include "whisper/golden_testing.hpp"

namespace sotto::whisper {
namespace {

using testing::TestRandom;

unsigned zeros_of(const Bytes& body, std::uint64_t nonce, PowRule rule) {
    const Bytes raw = encode_envelope(body, nonce);
    const auto view = *decode_envelope(raw);
    const double pow = rule == PowRule::legacy ? pow_legacy(view) : pow_eip627(view);
    const double size = rule == PowRule::legacy ? 20.0 + static_cast<double>(view.data.size())
                                                : static_cast<double>(encode_envelope(body, 0).size() - 1);
    return static_cast<unsigned>(std::lround(std::log2(pow * size * view.ttl)));
}

TEST(NonceSearch, AgreesWithPlainHashingWhereverTheNonceFallsInABlock) {
    TestRandom random(1);
    for (std::size_t size = 100; size < 100 + 2 * 136; ++size) {
        const Bytes body = encode_body(1'700'000'000, 8, {1, 2, 3, 4}, random.bytes(size));
        for (const auto rule : {PowRule::eip627, PowRule::legacy}) {
            NonceSearch search(body, rule);
            EXPECT_FALSE(search.advance(257, 64));
            unsigned best = 0;
            for (std::uint64_t nonce = 0; nonce < 64; ++nonce) best = std::max(best, zeros_of(body, nonce, rule));
            EXPECT_EQ(search.best_bits(), best) << size;
            EXPECT_EQ(zeros_of(body, search.best_nonce(), rule), best) << size;
        }
    }
}

TEST(NonceSearch, StopsAtTheFirstBatchThatReachesTheTarget) {
    TestRandom random(2);
    const Bytes body = encode_body(1'700'000'000, 10, {1, 2, 3, 4}, random.bytes(256));
    NonceSearch search(body, PowRule::eip627);
    ASSERT_TRUE(search.advance(10, 1'000'000));
    EXPECT_GE(zeros_of(body, search.best_nonce(), PowRule::eip627), 10u);
    EXPECT_LT(search.best_nonce(), 100'000u);
}

TEST(NonceSearch, GoesOnWhereItStopped) {
    TestRandom random(3);
    const Bytes body = encode_body(1'700'000'000, 10, {1, 2, 3, 4}, random.bytes(77));
    NonceSearch whole(body, PowRule::legacy);
    NonceSearch sliced(body, PowRule::legacy);
    (void)whole.advance(257, 4'096);
    for (int i = 0; i < 64; ++i) (void)sliced.advance(257, 64);
    EXPECT_EQ(whole.best_nonce(), sliced.best_nonce());
    EXPECT_EQ(whole.best_bits(), sliced.best_bits());
}

TEST(NonceSearch, ReachesWhatAnyPeerAsksFor) {
    TestRandom random(4);
    for (int i = 0; i < 20; ++i) {
        const Bytes data = random.bytes(300 + random.below(300));
        const Bytes body = encode_body(1'700'000'000, 10, {1, 2, 3, 4}, data);
        for (const auto rule : {PowRule::eip627, PowRule::legacy}) {
            NonceSearch search(body, rule);
            ASSERT_TRUE(search.advance(target_bits(0.2, body.size(), data.size(), 10), 10'000'000));
            const Bytes raw = encode_envelope(body, search.best_nonce());
            const auto view = *decode_envelope(raw);
            EXPECT_GE(rule == PowRule::legacy ? pow_legacy(view) : pow_eip627(view), 0.2);
            EXPECT_GE(pow_value(search.best_bits(), raw.size(), 10), 0.2);
            EXPECT_GE(pow_value(search.best_bits(), 20 + data.size(), 10), 0.2);
        }
    }
}

}  // namespace
}  // namespace sotto::whisper
