// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "codec/rlp.hpp"

#include <gtest/gtest.h>

#include "codec/testing.hpp"

namespace sotto::rlp {
namespace {

using sotto::testing::code_of;
using sotto::testing::hex;

TEST(RlpHeader, AsksForMoreBytesWhileTheHeaderIsCut) {
    for (const auto* cut : {"", "81", "b8", "b904", "f8", "fbffffff"}) {
        const auto header = peek_header(hex(cut));
        ASSERT_TRUE(header.has_value()) << cut;
        EXPECT_FALSE(header->has_value()) << cut;
    }
}

TEST(RlpHeader, IsReadWithoutThePayload) {
    const auto header = peek_header(hex("f90400")).value();
    ASSERT_TRUE(header.has_value());
    EXPECT_TRUE(header->list);
    EXPECT_EQ(header->header_size, 3u);
    EXPECT_EQ(header->payload_size, 1024u);
    EXPECT_EQ(header->total_size(), 1027u);
}

TEST(RlpHeader, RefusesALengthThatWouldWrap) {
    EXPECT_EQ(code_of(peek_header(hex("ffffffffffffffffff"))), Errc::malformed);
    const auto largest = peek_header(hex("fffffffffffffffff6")).value();
    EXPECT_EQ(largest->total_size(), ~std::size_t{0});
}

TEST(RlpReader, ReadsIntegersInMinimalFormOnly) {
    EXPECT_EQ(Reader(hex("80")).uint().value(), 0u);
    EXPECT_EQ(Reader(hex("7f")).uint().value(), 127u);
    EXPECT_EQ(Reader(hex("88ffffffffffffffff")).uint().value(), ~std::uint64_t{0});
    for (const auto* bad : {"00", "820001", "89010000000000000000", "c0", "8100", "82ff", ""}) {
        const auto input = hex(bad);
        EXPECT_EQ(code_of(Reader(input).uint()), Errc::malformed) << bad;
    }
    EXPECT_EQ(code_of(Reader(hex("820100")).uint(255)), Errc::malformed);
    EXPECT_EQ(Reader(hex("81ff")).uint(255).value(), 255u);
}

TEST(RlpReader, ReadsBooleans) {
    EXPECT_FALSE(Reader(hex("80")).boolean().value());
    EXPECT_TRUE(Reader(hex("01")).boolean().value());
    EXPECT_EQ(code_of(Reader(hex("02")).boolean()), Errc::malformed);
    EXPECT_EQ(code_of(Reader(hex("00")).boolean()), Errc::malformed);
}

TEST(RlpReader, ReadsStringsOfAFixedSize) {
    const auto input = hex("84deadbeef");
    EXPECT_EQ(to_hex(Reader(input).fixed<4>().value()), "deadbeef");
    EXPECT_EQ(code_of(Reader(input).fixed<3>()), Errc::malformed);
    EXPECT_EQ(code_of(Reader(input).fixed<5>()), Errc::malformed);
}

TEST(RlpReader, WalksOverMixedItems) {
    const auto input = hex("c883646f67c0c2018005");
    Reader reader(input);
    auto inside = reader.list().value();
    EXPECT_EQ(to_hex(reader.rest()), "05");
    EXPECT_FALSE(inside.next_is_list());
    EXPECT_EQ(text_of(inside.string().value()), "dog");
    EXPECT_TRUE(inside.next_is_list());
    EXPECT_TRUE(inside.skip().has_value());
    EXPECT_EQ(to_hex(inside.raw().value()), "c20180");
    EXPECT_TRUE(inside.empty());
    EXPECT_FALSE(inside.next_is_list());
    EXPECT_TRUE(inside.expect_end().has_value());
    EXPECT_EQ(code_of(inside.raw()), Errc::malformed);
    EXPECT_EQ(code_of(reader.expect_end()), Errc::malformed);
}

TEST(RlpReader, StaysWhereItWasAfterAFailure) {
    const auto input = hex("c10583646f67");
    Reader reader(input);
    EXPECT_FALSE(reader.string().has_value());
    EXPECT_EQ(reader.rest().size(), input.size());
    EXPECT_EQ(reader.list().value().uint().value(), 5u);
}

TEST(RlpReader, AnItemMayNotReachBeyondItsList) {
    const auto input = hex("c283646f67");
    auto inside = Reader(input).list().value();
    EXPECT_EQ(code_of(inside.string()), Errc::malformed);
}

TEST(RlpList, TakesATailOnlyWhereItIsAllowed) {
    const auto padded = hex("c101ffff");
    EXPECT_EQ(code_of(decode_list(padded)), Errc::malformed);
    EXPECT_EQ(decode_list(padded, Tail::ignored).value().uint().value(), 1u);
    EXPECT_EQ(code_of(decode_list(hex("83646f67"))), Errc::malformed);
    EXPECT_EQ(code_of(decode_list({})), Errc::malformed);
}

TEST(RlpWriter, ClosesListsOfEverySizeInPlace) {
    for (const std::size_t count : {0u, 1u, 55u, 56u, 255u, 256u, 70000u}) {
        Bytes out = hex("ff");
        Writer writer(out);
        const auto outer = writer.begin_list();
        const auto inner = writer.begin_list();
        for (std::size_t i = 0; i < count; ++i) writer.uint(1);
        writer.end_list(inner).string("end").end_list(outer);
        auto list = decode_list(BytesView(out).subspan(1)).value();
        EXPECT_EQ(list.list().value().rest().size(), count);
        EXPECT_EQ(text_of(list.string().value()), "end");
        EXPECT_TRUE(list.empty());
    }
}

TEST(RlpWriter, SizesAreForetold) {
    for (const std::size_t size : {0u, 1u, 2u, 55u, 56u, 255u, 256u, 65535u, 65536u}) {
        for (const Byte fill : {Byte{0x7f}, Byte{0x80}}) {
            const Bytes bytes(size, fill);
            const auto encoded = encode_string(bytes);
            EXPECT_EQ(encoded.size(), encoded_size(bytes));
            EXPECT_TRUE(equal(Reader(encoded).string().value(), bytes));
        }
        Bytes header;
        append_header(header, true, size);
        EXPECT_EQ(header.size(), header_size(size));
    }
}

TEST(RlpWriter, WritesIntegersThatReadBack) {
    for (unsigned bit = 0; bit < 64; ++bit) {
        for (const auto value : {(std::uint64_t{1} << bit) - 1, std::uint64_t{1} << bit}) {
            EXPECT_EQ(Reader(encode_uint(value)).uint().value(), value);
        }
    }
    Bytes out;
    Writer(out).boolean(true).boolean(false).raw(hex("c0"));
    EXPECT_EQ(to_hex(out), "0180c0");
}

}  // namespace
}  // namespace sotto::rlp
