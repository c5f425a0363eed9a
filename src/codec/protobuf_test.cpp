// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "codec/protobuf.hpp"

#include <gtest/gtest.h>

#include "codec/testing.hpp"

namespace sotto::protobuf {
namespace {

using sotto::testing::code_of;
using sotto::testing::hex;

/// Reads to the end; the error of the first bad field.
Result<std::size_t> count_fields(BytesView in, std::size_t max_fields = 4096) {
    Reader reader(in, max_fields);
    for (std::size_t count = 0;; ++count) {
        SOTTO_TRY(const auto field, reader.next());
        if (!field) return count;
    }
}

TEST(Protobuf, ReadsEveryWireType) {
    const auto input = hex("08ac021108070605040302011a03666f6f25040302012a00");
    Reader reader(input);
    auto field = reader.next().value();
    EXPECT_EQ(field->number, 1u);
    EXPECT_EQ(field->wire, Wire::varint);
    EXPECT_EQ(field->value, 300u);
    field = reader.next().value();
    EXPECT_EQ(field->wire, Wire::fixed64);
    EXPECT_EQ(field->value, 0x0102030405060708u);
    field = reader.next().value();
    EXPECT_EQ(field->wire, Wire::bytes);
    EXPECT_EQ(text_of(field->bytes), "foo");
    EXPECT_EQ(field->bytes.data(), input.data() + 14) << "not a view of the input";
    field = reader.next().value();
    EXPECT_EQ(field->wire, Wire::fixed32);
    EXPECT_EQ(field->value, 0x01020304u);
    field = reader.next().value();
    EXPECT_EQ(field->number, 5u);
    EXPECT_TRUE(field->bytes.empty());
    EXPECT_FALSE(reader.next().value().has_value());
}

TEST(Protobuf, RefusesWhatNoEncoderWrites) {
    const std::pair<const char*, const char*> cases[] = {
        {"0001", "field number 0"},
        {"0b0c", "a group"},
        {"0e00", "wire type 6"},
        {"0f00", "wire type 7"},
        {"808080801001", "field number 2^29"},
        {"08", "no value"},
        {"0880", "a cut value"},
        {"08ffffffffffffffffff02", "a value above 64 bits"},
        {"088080808080808080808000", "a value of eleven bytes"},
        {"0a02aa", "a cut string"},
        {"0affffffffffffffffff01", "a string of 2^64 - 1 bytes"},
        {"0900000000000000", "a cut fixed64"},
        {"0d000000", "a cut fixed32"},
    };
    for (const auto& [text, what] : cases) {
        EXPECT_EQ(code_of(count_fields(hex(text))), Errc::malformed) << what;
    }
}

TEST(Protobuf, TakesPaddedNumbersOfOtherEncoders) {
    const auto input = hex("880081008a800081800055");
    Reader reader(input);
    EXPECT_EQ(reader.next().value()->value, 1u);
    const auto field = reader.next().value();
    EXPECT_EQ(field->number, 1u);
    EXPECT_EQ(to_hex(field->bytes), "55");
    EXPECT_EQ(Reader(hex("08ffffffffffffffffff01")).next().value()->value, ~std::uint64_t{0});
}

TEST(Protobuf, TakesTheLargestFieldNumber) {
    EXPECT_EQ(Reader(hex("f8ffffff0f01")).next().value()->number, (1u << 29) - 1);
}

TEST(Protobuf, BoundsTheNumberOfFields) {
    Bytes input;
    for (int i = 0; i < 5; ++i) Writer(input).bytes(1, {});
    EXPECT_EQ(count_fields(input, 5).value(), 5u);
    EXPECT_EQ(code_of(count_fields(input, 4)), Errc::malformed);
}

TEST(Protobuf, WritesZerosWhenAsked) {
    Bytes out;
    Writer(out).uint(1, 0).bytes(2, {}).text(3, "a").uint(16, ~std::uint64_t{0});
    EXPECT_EQ(to_hex(out), "080012001a01618001ffffffffffffffffff01");
    EXPECT_EQ(count_fields(out).value(), 4u);
}

}  // namespace
}  // namespace sotto::protobuf
