// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <gtest/gtest.h>

#include <set>

#include "base/escape.hpp"
#include "base/log.hpp"
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
    EXPECT_EQ(escape_json("\xc2\x9b"), "\uFFFD") << "a C1 control steers some terminals";
    EXPECT_EQ(escape_json("\xe2\x98"), "\uFFFD\uFFFD") << "a cut character";
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
