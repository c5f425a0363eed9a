// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <charconv>
#include <cstdlib>
#include <sstream>

#include "whisper/golden_testing.hpp"
#include "whisper/verify.hpp"

namespace sotto::whisper {
namespace {

/// Those that are kept, or the thousands that tests/functional/test_verdict_oracle.py makes.
std::string file_of_tuples() {
    const char* named = std::getenv("SOTTO_VERDICTS");
    return named ? named : SOTTO_VECTORS "/whisper/verdicts.txt";
}

double min_pow_of(const std::string& bits) {
    std::uint64_t value = 0;
    const auto read = std::from_chars(bits.data(), bits.data() + bits.size(), value, 16);
    EXPECT_EQ(read.ptr, bits.data() + bits.size()) << bits;
    return std::bit_cast<double>(value);
}

/// A line: now, rule, bits of the least work in hex, envelope in hex, verdict in words.
void judge(const std::string& line) {
    std::istringstream in(line);
    std::string rule;
    std::string min_pow;
    std::string raw;
    std::string verdict;
    Terms terms;
    in >> terms.now >> rule >> min_pow >> raw >> std::ws;
    std::getline(in, verdict);
    const auto parsed = parse_pow_rule(rule);
    ASSERT_TRUE(in && parsed) << line;
    terms.rule = *parsed;
    terms.min_pow = min_pow_of(min_pow);
    const Bytes bytes = testing::hex(raw);
    const auto envelope = decode_envelope(bytes);
    ASSERT_TRUE(envelope) << line;
    EXPECT_EQ(to_string(verify(*envelope, terms).verdict), verdict) << line;
}

TEST(VerdictOracle, VerdictsAreThoseOfTheIndependentOracle) {
    std::ifstream in(file_of_tuples());
    std::string line;
    int tuples = 0;
    for (; std::getline(in, line); ++tuples) judge(line);
    RecordProperty("tuples", tuples);
    EXPECT_GT(tuples, 0);
}

}  // namespace
}  // namespace sotto::whisper
