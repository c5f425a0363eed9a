// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "whisper/bloom.hpp"

#include "whisper/golden_testing.hpp"

namespace sotto::whisper {
namespace {

using testing::hex;

Topic topic(std::string_view text) {
    return first_bytes<4>(hex(text));
}
bool subset(const Bloom::Bits& sample, const Bloom::Bits& filter) {
    for (std::size_t i = 0; i < sample.size(); ++i) {
        if ((sample[i] & ~filter[i]) != 0) return false;
    }
    return true;
}

TEST(Bloom, LegacySamplesAreThoseOfTheOriginal) {
    for (const auto* file : {"golden_envelopes_pow_eip627.json", "golden_envelopes_pow_old.json"}) {
        for (auto& golden : testing::read_golden(file)) {
            EXPECT_EQ(to_hex(legacy_sample(topic(golden["Topic"]))), golden["Bloom"]) << golden["Name"];
        }
    }
}

TEST(Bloom, TwoBitsOfOneByteCollapseInASampleButNotInAFilter) {
    EXPECT_EQ(legacy_sample(topic("00010200"))[0], 0x04);
    Bloom filter;
    filter.add(topic("00010200"));
    EXPECT_EQ(filter.bits()[0], 0x07);
}

TEST(Bloom, SetsTheBitsOfTheOriginalTest) {
    Bloom bloom;
    bloom.add(topic("0000ff06"));
    EXPECT_EQ(bloom.bits()[0], 0x01);
    EXPECT_EQ(bloom.bits()[32], 0x01);
    EXPECT_EQ(bloom.bits()[63], 0x80);
}

TEST(Bloom, MatchesExactlyWhenTheLegacySampleIsASubset) {
    testing::TestRandom random(3);
    for (int round = 0; round < 200; ++round) {
        Bloom filter;
        const auto topics = random.below(40);
        for (std::uint64_t i = 0; i < topics; ++i) filter.add(random.array<4>());
        for (int i = 0; i < 200; ++i) {
            auto sample = random.array<4>();
            if (i % 2 == 0) sample[1] = static_cast<Byte>(sample[0] ^ 1);
            if (i % 3 == 0) sample[2] = static_cast<Byte>(sample[0] ^ 2);
            EXPECT_EQ(filter.matches(sample), subset(legacy_sample(sample), filter.bits()));
        }
    }
}

TEST(Bloom, AFilterMatchesTheTopicsInItWhoeverBuiltIt) {
    testing::TestRandom random(4);
    for (int i = 0; i < 10'000; ++i) {
        const auto wanted = random.array<4>();
        Bloom ours;
        ours.add(wanted);
        EXPECT_TRUE(ours.matches(wanted));
        EXPECT_TRUE(Bloom(legacy_sample(wanted)).matches(wanted));
    }
}

TEST(Bloom, FullMatchesAllAndEmptyNothing) {
    testing::TestRandom random(5);
    EXPECT_TRUE(Bloom::full().is_full());
    EXPECT_FALSE(Bloom().is_full());
    for (int i = 0; i < 1'000; ++i) {
        const auto any = random.array<4>();
        EXPECT_TRUE(Bloom::full().matches(any));
        EXPECT_FALSE(Bloom().matches(any));
    }
}

TEST(Bloom, MergingIsTheUnion) {
    Bloom a;
    Bloom b;
    a.add(topic("01020304"));
    b.add(topic("cd423760"));
    a.merge(b);
    EXPECT_TRUE(a.matches(topic("01020304")));
    EXPECT_TRUE(a.matches(topic("cd423760")));
}

TEST(Topic, OfAChannelIsTheHeadOfTheHashOfItsName) {
    EXPECT_EQ(to_hex(topic_of_name("status")), "cd423760");
    EXPECT_EQ(to_hex(topic_of_name("contact-discovery")), "f8946aac");
}

}  // namespace
}  // namespace sotto::whisper
