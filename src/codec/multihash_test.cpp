// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "codec/multihash.hpp"

#include <gtest/gtest.h>

#include "codec/testing.hpp"

namespace sotto::multihash {
namespace {

using sotto::testing::code_of;
using sotto::testing::hex;

TEST(Multihash, ComesBack) {
    for (const std::size_t size : {0u, 1u, 127u, 128u}) {
        const Bytes digest(size, 0xab);
        for (const std::uint64_t code : {kIdentity, std::uint64_t{0xb220}}) {
            const auto hash = decode(encode(code, digest)).value();
            EXPECT_EQ(hash.code, code);
            EXPECT_EQ(hash.digest, digest);
        }
    }
    EXPECT_EQ(decode(encode(kSha256, Bytes(32))).value().digest, Bytes(32));
}

TEST(Multihash, RefusesOtherSizes) {
    EXPECT_EQ(code_of(decode(encode(kSha256, Bytes(31)))), Errc::malformed);
    EXPECT_EQ(code_of(decode(encode(kSha256, Bytes(33)))), Errc::malformed);
    EXPECT_EQ(code_of(decode(encode(kIdentity, Bytes(129)))), Errc::too_large);
    EXPECT_EQ(code_of(decode({})), Errc::malformed);
    auto exact = encode(kSha256, Bytes(32));
    EXPECT_EQ(code_of(decode(BytesView(exact).first(33))), Errc::malformed);
    exact.push_back(0);
    EXPECT_EQ(code_of(decode(exact)), Errc::malformed);
}

TEST(Multihash, RefusesPaddedNumbers) {
    EXPECT_EQ(code_of(decode(hex("80000100"))), Errc::malformed);
    EXPECT_EQ(code_of(decode(hex("00810000"))), Errc::malformed);
}

}  // namespace
}  // namespace sotto::multihash
