// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "whisper/verify.hpp"

#include "whisper/golden_testing.hpp"
#include "whisper/seal.hpp"

namespace sotto::whisper {
namespace {

constexpr std::uint64_t kNow = 1'700'000'000;

Bytes made(std::uint64_t expiry, std::uint64_t ttl, std::size_t size = 100, Topic topic = {1, 2, 3, 4}) {
    const Bytes data(size, 0x55);
    return encode_envelope(
        encode_body(static_cast<std::uint32_t>(expiry), static_cast<std::uint32_t>(ttl), topic, data), 7);
}
Verdict check(const Bytes& raw, Terms terms = {}) {
    if (terms.now == 0) terms.now = kNow;
    return verify(*decode_envelope(raw), terms).verdict;
}

TEST(Verify, JudgesTimesByTheTable) {
    struct Row {
        std::int64_t expires_in;
        std::uint64_t ttl;
        Verdict verdict;
    };
    const Row rows[] = {
        {10, 10, Verdict::accepted},
        {0, 10, Verdict::accepted},  // the last second
        {-1, 10, Verdict::expired},
        {-20, 10, Verdict::expired},
        {-21, 10, Verdict::very_old},
        {-86'400, 10, Verdict::very_old},
        {20, 10, Verdict::accepted},  // made 10 s ahead
        {21, 10, Verdict::from_future},
        {172'800, 172'800, Verdict::accepted},
        {172'801, 172'801, Verdict::bad_ttl},
        {10, 0, Verdict::bad_ttl},
        {10, 0xffffffff, Verdict::bad_ttl},
        {0, 0, Verdict::bad_ttl},  // expiry now, infinite work: the free envelope
    };
    for (const auto& row : rows) {
        const auto expiry = static_cast<std::uint64_t>(static_cast<std::int64_t>(kNow) + row.expires_in);
        EXPECT_EQ(check(made(expiry, row.ttl)), row.verdict) << row.expires_in << " " << row.ttl;
    }
}

TEST(Verify, ATtlAboveTheExpiryIsFromTheFuture) {
    EXPECT_EQ(check(made(100, 200), {.now = 50}), Verdict::from_future);
}

TEST(Verify, WorksAtTheEndOfThe32BitEpoch) {
    EXPECT_EQ(check(made(0xffffffff, 10), {.now = 0xffffffff}), Verdict::accepted);
    EXPECT_EQ(check(made(0xffffffff, 10), {.now = 0x100000005}), Verdict::expired);
    EXPECT_EQ(check(made(5, 10), {.now = 0x100000005}), Verdict::very_old);
}

TEST(Verify, JudgesSize) {
    const auto largest = kMaxEnvelopeSize - made(kNow, 10, 0x10000).size() + 0x10000;
    EXPECT_EQ(made(kNow, 10, largest).size(), kMaxEnvelopeSize);
    EXPECT_EQ(check(made(kNow, 10, largest)), Verdict::accepted);
    EXPECT_EQ(check(made(kNow, 10, largest + 1)), Verdict::too_large);
    EXPECT_EQ(check(made(kNow, 10, largest + 1), {.max_size = 10 << 20}), Verdict::too_large);
    EXPECT_EQ(check(made(kNow, 10, 1'000), {.max_size = 1'000}), Verdict::too_large);
}

TEST(Verify, JudgesWorkByTheRule) {
    for (auto& golden : testing::read_golden("golden_envelopes_pow_old.json")) {
        const Bytes raw = testing::hex(golden["Envelope"]);
        const auto view = *decode_envelope(raw);
        const double pow = std::stod(golden["PoW"]);
        Terms terms{.now = view.sent(), .rule = PowRule::legacy, .min_pow = pow * 0.999999};
        EXPECT_EQ(check(raw, terms), Verdict::accepted) << golden["Name"];
        terms.rule = PowRule::both;
        EXPECT_EQ(check(raw, terms), Verdict::accepted) << golden["Name"];
        terms.min_pow = std::max(pow, pow_eip627(view)) * 1.000001;
        EXPECT_EQ(check(raw, terms), Verdict::low_pow) << golden["Name"];
    }
}

TEST(Verify, AnEnvelopeFromTheFutureNeedsMoreWork) {
    const Bytes raw = made(kNow + 20, 10);
    const auto view = *decode_envelope(raw);
    EXPECT_EQ(extra_ttl(view, kNow), 11u);
    EXPECT_EQ(extra_ttl(view, kNow + 10), 0u);
    const double pow = pow_eip627(view);
    EXPECT_EQ(check(raw, {.now = kNow + 10, .rule = PowRule::eip627, .min_pow = pow}), Verdict::accepted);
    EXPECT_EQ(check(raw, {.now = kNow, .rule = PowRule::eip627, .min_pow = pow}), Verdict::low_pow);
    EXPECT_EQ(check(raw, {.now = kNow, .rule = PowRule::eip627, .min_pow = pow * 10 / 21 * 0.999999}),
              Verdict::accepted);
}

TEST(Verify, JudgesTopicsByTheBloomAndLetsTheLastOnePass) {
    const Bytes raw = made(kNow + 10, 10);
    Terms terms;
    terms.bloom = Bloom();
    EXPECT_EQ(check(raw, terms), Verdict::bloom_mismatch);
    terms.previous_bloom = Bloom::full();
    EXPECT_EQ(check(raw, terms), Verdict::accepted);
    terms.previous_bloom = Bloom();
    terms.bloom.add({1, 2, 3, 4});
    EXPECT_EQ(check(raw, terms), Verdict::accepted);
    // What an original node's filter holds of this topic: one bit fewer than the right one.
    terms.bloom = Bloom(legacy_sample({0, 1, 2, 0}));
    EXPECT_EQ(check(made(kNow + 10, 10, 100, {0, 1, 2, 0}), terms), Verdict::accepted);
}

}  // namespace
}  // namespace sotto::whisper
