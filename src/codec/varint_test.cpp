// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "codec/varint.hpp"

#include <gtest/gtest.h>

#include "codec/testing.hpp"

namespace sotto::varint {
namespace {

using sotto::testing::code_of;
using sotto::testing::hex;

TEST(Varint, HasTheFormOfTheSpecification) {
    const std::pair<std::uint64_t, const char*> cases[] = {
        {1, "01"}, {127, "7f"}, {128, "8001"}, {255, "ff01"}, {300, "ac02"}, {16384, "808001"}};
    for (const auto& [value, text] : cases) {
        Bytes out;
        append(out, value);
        EXPECT_EQ(to_hex(out), text);
    }
}

TEST(Varint, EveryWidthReadsBack) {
    for (unsigned bit = 0; bit < 64; ++bit) {
        for (const auto value : {(std::uint64_t{1} << bit) - 1, std::uint64_t{1} << bit, ~std::uint64_t{0} >> bit}) {
            Bytes out;
            append(out, value);
            EXPECT_EQ(out.size(), encoded_size(value));
            const auto size = out.size();
            out.push_back(0x55);
            const auto decoded = decode(out).value();
            ASSERT_TRUE(decoded.has_value());
            EXPECT_EQ(decoded->value, value);
            EXPECT_EQ(decoded->size, size);
        }
    }
}

TEST(Varint, AsksForMoreWhenItIsCut) {
    for (const auto* cut : {"", "80", "ffffffffffffffffff"}) EXPECT_FALSE(decode(hex(cut)).value().has_value()) << cut;
    const auto input = hex("80");
    BytesView rest(input);
    EXPECT_EQ(code_of(read(rest)), Errc::malformed);
    EXPECT_EQ(rest.size(), 1u);
}

TEST(Varint, RefusesPaddedAndOverlongForms) {
    for (const auto* bad :
         {"8000", "ff00", "808000", "80808080808080808000", "ffffffffffffffffff02", "ffffffffffffffffffff01"}) {
        EXPECT_EQ(code_of(decode(hex(bad))), Errc::malformed) << bad;
    }
}

TEST(Varint, ByteStringsAreBoundedBeforeTheyAreRead) {
    const auto input = hex("03aabbccdd");
    BytesView rest(input);
    EXPECT_EQ(to_hex(read_bytes(rest, 3).value()), "aabbcc");
    EXPECT_EQ(to_hex(rest), "dd");
    rest = input;
    EXPECT_EQ(code_of(read_bytes(rest, 2)), Errc::too_large);
    rest = BytesView(input).first(3);
    EXPECT_EQ(code_of(read_bytes(rest, 3)), Errc::malformed);
    const auto huge = hex("ffffffffffffffffff01");
    rest = huge;
    EXPECT_EQ(code_of(read_bytes(rest, ~std::size_t{0})), Errc::malformed);
}

}  // namespace
}  // namespace sotto::varint
