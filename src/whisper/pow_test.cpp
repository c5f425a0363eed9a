// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "whisper/pow.hpp"

#include <cmath>

#include "whisper/golden_testing.hpp"

namespace sotto::whisper {
namespace {

using testing::hex;

Bytes sealed(std::uint32_t expiry, std::uint32_t ttl, std::string_view data_hex, std::uint64_t nonce) {
    return encode_envelope(encode_body(expiry, ttl, {}, hex(data_hex)), nonce);
}

TEST(Pow, AgreesWithTheOriginalUnderBothRules) {
    for (auto& golden : testing::read_golden("golden_envelopes_pow_eip627.json")) {
        const Bytes raw = hex(golden["Envelope"]);
        EXPECT_DOUBLE_EQ(pow_eip627(*decode_envelope(raw)), std::stod(golden["PoW"])) << golden["Name"];
    }
    for (auto& golden : testing::read_golden("golden_envelopes_pow_old.json")) {
        const Bytes raw = hex(golden["Envelope"]);
        EXPECT_DOUBLE_EQ(pow_legacy(*decode_envelope(raw)), std::stod(golden["PoW"])) << golden["Name"];
    }
}

TEST(Pow, MatchesTheExamplesOfTheOriginalTests) {
    EXPECT_EQ(pow_eip627(*decode_envelope(sealed(0, 1, "deadbeef", 100'000))), 0.07692307692307693);
    EXPECT_EQ(pow_eip627(*decode_envelope(sealed(0, 1, "deadbeef", 276))), 19.692307692307693);
    EXPECT_EQ(pow_legacy(*decode_envelope(sealed(0, 1, "deadbeef", 100'000))), 1.0 / 24);
}

TEST(Pow, ATtlOfZeroIsWorthNothing) {
    const Bytes raw = sealed(0, 0, "deadbeef", 276);
    EXPECT_EQ(pow_eip627(*decode_envelope(raw)), 0);
    EXPECT_EQ(pow_legacy(*decode_envelope(raw)), 0);
}

TEST(Pow, DoesNotWrapForTheLongestTtlAndTheLargestSize) {
    EXPECT_LT(pow_value(10, std::size_t{1} << 20, 0xffffffff), 1e-10);
    EXPECT_GT(pow_value(256, 1, 1), 1e70);
    EXPECT_EQ(pow_value(12, 64, 64), 1.0);
}

TEST(Pow, AnEnvelopeFromTheFutureCountsLonger) {
    const Bytes raw = sealed(0, 1, "deadbeef", 276);
    const auto work = measure_work(*decode_envelope(raw), PowRule::eip627, 3, 0);
    EXPECT_EQ(work.eip627, 256.0 / 13);
    EXPECT_EQ(work.accepted, 256.0 / 13 / 4);
}

TEST(Pow, BothTakesTheBetterRuleAndPeersAreToldTheEip627Value) {
    for (const auto* file : {"golden_envelopes_pow_eip627.json", "golden_envelopes_pow_old.json"}) {
        for (auto& golden : testing::read_golden(file)) {
            const Bytes raw = hex(golden["Envelope"]);
            const auto view = *decode_envelope(raw);
            const auto both = measure_work(view, PowRule::both, 0, 1e9);
            EXPECT_EQ(both.accepted, std::max(pow_eip627(view), pow_legacy(view)));
            EXPECT_EQ(both.eip627, pow_eip627(view));
            const auto legacy = measure_work(view, PowRule::legacy, 0, 0);
            EXPECT_EQ(legacy.accepted, pow_legacy(view));
            EXPECT_EQ(legacy.eip627, pow_eip627(view));
            EXPECT_GE(both.accepted, std::stod(golden["PoW"]) * 0.999999);
        }
    }
}

TEST(Pow, CountsZeroBitsOfTheWholeDigest) {
    Hash digest{};
    EXPECT_EQ(leading_zero_bits(digest), 256u);
    EXPECT_EQ(trailing_zero_bits(digest), 256u);
    for (std::size_t bit = 0; bit < 256; ++bit) {
        Hash one{};
        one[bit / 8] = static_cast<Byte>(0x80u >> (bit % 8));
        EXPECT_EQ(leading_zero_bits(one), bit);
        EXPECT_EQ(trailing_zero_bits(one), 255 - bit);
    }
}

TEST(Pow, TargetBitsSatisfyEveryWayOfCountingTheSize) {
    testing::TestRandom random(1);
    for (int i = 0; i < 2'000; ++i) {
        const Bytes data = random.bytes(random.below(700));
        const auto ttl = static_cast<std::uint32_t>(1 + random.below(kMaxEnvelopeSize % 172'800));
        const double pow = std::exp2(static_cast<double>(random.below(20)) - 12);
        const Bytes body = encode_body(1'700'000'000, ttl, {1, 2, 3, 4}, data);
        const auto bits = target_bits(pow, body.size(), data.size(), ttl);
        const auto longest = encode_envelope(body, ~std::uint64_t{0});
        EXPECT_GE(pow_value(bits, longest.size(), ttl), pow);
        EXPECT_GE(pow_value(bits, 20 + data.size(), ttl), pow);
        EXPECT_LE(pow_value(bits, longest.size() + 40, ttl), std::max(2.1 * pow, pow_value(1, data.size() + 1, ttl)));
    }
    EXPECT_GT(target_bits(1e300, 100, 90, 10), 256u);
    EXPECT_EQ(target_bits(1e-300, 100, 90, 10), 1u);
}

TEST(Pow, RulesHaveNames) {
    for (const auto rule : {PowRule::eip627, PowRule::legacy, PowRule::both}) {
        EXPECT_EQ(parse_pow_rule(to_string(rule)), rule);
    }
    EXPECT_FALSE(parse_pow_rule("EIP627").has_value());
}

}  // namespace
}  // namespace sotto::whisper
