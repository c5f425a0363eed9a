// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <gtest/gtest.h>

#include <set>

#include "base/escape.hpp"
#include "base/log.hpp"
#include "base/log_quota.hpp"
#include "base/random.hpp"

namespace sotto {
namespace {

TEST(Hex, RoundTripsAndRefusesTheRest) {
    EXPECT_EQ(to_hex(*from_hex("0xAbcd")), "abcd");
    EXPECT_EQ(to_hex_prefixed({}), "0x");
    for (const auto* text : {"a", "0xa", "zz", "0x0x", " 00", "0 "}) EXPECT_FALSE(from_hex(text)) << text;
}

TEST(Integers, AreBigEndian) {
    ByteArray<4> bytes{};
    store_be(std::uint32_t{0x01020304}, bytes);
    EXPECT_EQ(to_hex(bytes), "01020304");
    EXPECT_EQ(load_be<std::uint16_t>(bytes), 0x0102);
    EXPECT_EQ(load_be<Byte>(bytes), 1);
}

TEST(Escape, KeepsTextAndDisarmsTheRest) {
    EXPECT_EQ(escape_json("a\"b\\c\n☃"), "a\\\"b\\\\c\\n☃");
    EXPECT_EQ(escape_json("\x1b[31m\x7f"), "\\u001b[31m\\u007f");
    EXPECT_EQ(escape_json("\xff\xc0\x80\xed\xa0\x80"), "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD");
    EXPECT_EQ(escape_json("\xc2\x9b"), "\\u009b") << "a C1 control steers some terminals";
    EXPECT_EQ(escape_json("\xe2\x98"), "\uFFFD\uFFFD") << "a cut character";
}

TEST(Escape, DisarmsWhatTurnsTheDirectionOfText) {
    // The ends of each range, then their neighbours, which do nothing.
    const std::string turning = "\u061C\u200E\u200F\u2028\u202E\u2066\u2069";
    const std::string escaped = "\\u061c\\u200e\\u200f\\u2028\\u202e\\u2066\\u2069";
    EXPECT_EQ(escape_json(turning), escaped);
    EXPECT_EQ(escape_controls(turning), escaped);
    EXPECT_EQ(printable(turning), "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD");
    const std::string harmless = "\u061B\u061D\u200D\u2010\u2027\u202F\u2065\u206A☃";
    EXPECT_EQ(escape_json(harmless), harmless);
    EXPECT_EQ(escape_controls(harmless), harmless);
    EXPECT_EQ(printable(harmless), harmless);
}

TEST(Utf8, IsToldFromOtherBytes) {
    for (const std::string text : {"", "a", "é", "☃", "\U0010FFFF", "\x7f\u0080"}) EXPECT_TRUE(is_utf8(text)) << text;
    for (const std::string text :
         {"\xff", "a\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80", "☃\xe2\x98"})
        EXPECT_FALSE(is_utf8(text)) << to_hex(view_of(text));
}

TEST(Escape, DisarmsJsonThatIsWholeAlready) {
    EXPECT_EQ(escape_controls("{\"a\\n\":\"☃\x7f\xc2\x9b\xc2\xa0\"}"), "{\"a\\n\":\"☃\\u007f\\u009b\xc2\xa0\"}");
    EXPECT_EQ(escape_controls("\xff\xc2"), "\xff\xc2") << "what is no JSON is no business of this";
}

TEST(Errors, BlameThePeerOnlyForWhatItDid) {
    EXPECT_EQ(Error(Errc::malformed).blame(), Blame::peer);
    EXPECT_EQ(Error(Errc::timed_out).blame(), Blame::transient);
    EXPECT_EQ(Error(Errc::in_use).blame(), Blame::local);
    EXPECT_EQ(Error(Errc::internal).blame(), Blame::bug);
    EXPECT_EQ(Error(Errc::closed, "bye").within("host").message(), "closed: host: bye");
}

TEST(Log, ParsesItsNames) {
    EXPECT_EQ(*log::parse_level("warn"), log::Level::warn);
    EXPECT_FALSE(log::parse_level("WARN"));
    EXPECT_EQ(*log::parse_format("json"), log::Format::json);
    EXPECT_FALSE(log::parse_format("xml"));
}

TEST(LogQuota, DropsWhatIsAboveItAndTellsOnceInTheNextMinute) {
    using std::chrono::minutes;
    log::Quota quota(100);
    EXPECT_TRUE(quota.take(minutes(1), 60).allowed);
    EXPECT_FALSE(quota.take(minutes(1), 41).allowed);
    EXPECT_TRUE(quota.take(minutes(1), 40).allowed) << "a line that still fits";
    EXPECT_FALSE(quota.take(minutes(1), 1).allowed);
    EXPECT_FALSE(quota.take(minutes(1), ~std::size_t{0}).allowed);
    const auto next = quota.take(minutes(2), 1);
    EXPECT_TRUE(next.allowed);
    EXPECT_EQ(next.dropped_before, 3u);
    EXPECT_EQ(quota.take(minutes(3), 1).dropped_before, 0u);
}

TEST(Log, WritesOneLineWhateverARemoteSent) {
    for (const auto format : {log::Format::text, log::Format::json}) {
        log::configure(log::Level::debug, format);
        testing::internal::CaptureStderr();
        log::debug("net", "a\nb", {{"agent", "x\"\r\n\x1b[2J\xff"}});
        log::write(log::Level::trace, "net", "below the level");
        const auto written = testing::internal::GetCapturedStderr();
        log::configure(log::Level::info, log::Format::text);
        EXPECT_EQ(std::ranges::count(written, '\n'), 1) << written;
        EXPECT_EQ(written.find('\x1b'), std::string::npos) << written;
        EXPECT_NE(written.find("a\\nb"), std::string::npos) << written;
        EXPECT_NE(written.find("x\\\"\\r\\n\\u001b[2J\uFFFD"), std::string::npos) << written;
        EXPECT_EQ(written.find("below"), std::string::npos);
    }
}

/// Gives chosen numbers.
class Numbers final : public RandomSource {
  public:
    explicit Numbers(std::vector<std::uint64_t> numbers) : numbers_(std::move(numbers)) {}
    void fill(BytesSpan out) noexcept override {
        ASSERT_EQ(out.size(), 8u);
        store_be(numbers_.at(drawn++), out);
    }
    std::size_t drawn = 0;

  private:
    std::vector<std::uint64_t> numbers_;
};

TEST(Random, DrawsAgainWhereSmallNumbersWouldBeFavoured) {
    // 2^64 mod 10 = 6: of 0..5 there is one more than of 6..9, so the first six are not used.
    Numbers numbers({0, 5, 6, 15, ~std::uint64_t{0}});
    EXPECT_EQ(numbers.below(10), 6u);
    EXPECT_EQ(numbers.drawn, 3u);
    EXPECT_EQ(numbers.below(10), 5u);
    EXPECT_EQ(numbers.below(10), 5u);
    Numbers whole({0});
    EXPECT_EQ(whole.below(std::uint64_t{1} << 63), 0u) << "a power of two needs no second draw";
}

TEST(Results, CarryAValueOrTheFirstError) {
    const auto half = [](int n) -> Result<int> {
        if (n % 2 != 0) return fail(Errc::invalid_argument, "odd");
        return n / 2;
    };
    const auto quarter = [&](int n) -> Result<int> {
        SOTTO_TRY(const int once, half(n));
        SOTTO_TRY(const int twice, half(once));
        return twice;
    };
    const auto check = [&](int n) -> Result<void> {
        SOTTO_CHECK(quarter(n));
        return {};
    };
    EXPECT_EQ(quarter(12).value(), 3);
    EXPECT_EQ(quarter(6).error().message(), "invalid argument: odd");
    EXPECT_TRUE(check(4));
    EXPECT_EQ(check(1).error(), Errc::invalid_argument);
}

TEST(SystemRandom, IsUniformBelowABound) {
    const auto random = make_system_random();
    EXPECT_EQ(random->below(0), 0u);
    EXPECT_EQ(random->below(1), 0u);
    std::set<std::uint64_t> seen;
    for (int i = 0; i < 500; ++i) seen.insert(random->below(5));
    EXPECT_EQ(seen, (std::set<std::uint64_t>{0, 1, 2, 3, 4}));
    EXPECT_NE(random->bytes(32), random->bytes(32));
}

}  // namespace
}  // namespace sotto
