// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "codec/snappy.hpp"

#include <gtest/gtest.h>

#include "codec/testing.hpp"

namespace sotto::snappy {
namespace {

using sotto::testing::code_of;
using sotto::testing::hex;

TEST(Snappy, ComesBack) {
    for (const std::size_t size : {0u, 1u, 60u, 61u, 65536u, 1000000u}) {
        Bytes bytes(size);
        for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<Byte>((i * i) >> 7);
        EXPECT_EQ(decompress(compress(bytes), size).value(), bytes);
        const Bytes same(size, 0x5a);
        EXPECT_EQ(decompress(compress(same), size).value(), same) << "the best ratio is refused";
    }
}

TEST(Snappy, AppendsBehindWhatIsThere) {
    Bytes out = hex("aabb");
    compress_to(hex("c0"), out);
    EXPECT_EQ(to_hex(out), "aabb0100c0") << "the empty ping of RLPx";
    EXPECT_EQ(to_hex(decompress(BytesView(out).subspan(2), 1).value()), "c0");
}

TEST(Snappy, ChecksTheDeclaredSizeFirst) {
    const auto bytes = compress(Bytes(1000));
    EXPECT_EQ(decoded_size(bytes, 1000).value(), 1000u);
    EXPECT_EQ(code_of(decoded_size(bytes, 999)), Errc::too_large);
    EXPECT_EQ(code_of(decompress(bytes, 999)), Errc::too_large);
    EXPECT_EQ(code_of(decompress(hex("ffffffff0f"), std::size_t{1} << 24)), Errc::too_large);
    EXPECT_EQ(code_of(decompress(hex("ffffff07fe0100"), std::size_t{1} << 24)), Errc::malformed);
}

TEST(Snappy, RefusesDamage) {
    for (const auto* bad : {"", "ff", "ffffffffff01", "0300c0", "0100", "0501", "0400c00104", "01", "0100c000"}) {
        EXPECT_EQ(code_of(decompress(hex(bad), 1000)), Errc::malformed) << bad;
    }
}

}  // namespace
}  // namespace sotto::snappy
