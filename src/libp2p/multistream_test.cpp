// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "libp2p/multistream.hpp"

#include <gtest/gtest.h>

#include "codec/varint.hpp"

namespace sotto::libp2p::multistream {
namespace {

struct Fed {
    std::vector<std::string> tokens;
    std::size_t used = 0;
};
/// Feeds at most `cut` bytes at a time until `count` tokens came.
Result<Fed> feed(BytesView in, std::size_t cut, std::size_t count = ~std::size_t{0}) {
    TokenReader reader;
    Fed fed;
    while (fed.used < in.size() && fed.tokens.size() < count) {
        const auto into = reader.want();
        const auto size = std::min({into.size(), in.size() - fed.used, cut});
        std::memcpy(into.data(), in.data() + fed.used, size);
        fed.used += size;
        SOTTO_TRY(const bool complete, reader.take(size));
        if (complete) fed.tokens.emplace_back(reader.text());
    }
    return fed;
}
Errc error_of(BytesView in) {
    const auto fed = feed(in, 1);
    return fed ? Errc::would_block : fed.error().code();
}

TEST(TokenReader, ReadsTheHeaderAsTheSpecificationShowsIt) {
    Bytes bytes;
    append_token(bytes, kHeader);
    EXPECT_EQ(text_of(bytes), "\x13/multistream/1.0.0\n");
    EXPECT_EQ(feed(bytes, 100)->tokens, std::vector<std::string>{"/multistream/1.0.0"});
}

TEST(TokenReader, ReadsBackAnySizeHoweverItIsCut) {
    for (const std::size_t size : {0u, 1u, 126u, 127u, 128u, 1023u}) {
        for (const std::size_t cut : {1u, 2u, 5000u}) {
            Bytes bytes;
            append_token(bytes, std::string(size, 'x'));
            append_token(bytes, "na");
            EXPECT_EQ(feed(bytes, cut)->tokens, (std::vector<std::string>{std::string(size, 'x'), "na"})) << size;
        }
    }
}

TEST(TokenReader, LeavesWhatFollowsTheToken) {
    Bytes bytes;
    append_token(bytes, "/noise");
    const auto size = bytes.size();
    append(bytes, view_of("\x00\x20 the first handshake frame"));
    EXPECT_EQ(feed(bytes, 5000, 1)->used, size);
}

TEST(TokenReader, RefusesOversizedAndMalformedTokens) {
    Bytes oversized;
    append_token(oversized, std::string(kMaxToken, 'x'));
    EXPECT_EQ(error_of(oversized), Errc::too_large);
    EXPECT_EQ(error_of(Bytes{0xff, 0xff, 0xff, 0xff}), Errc::too_large);
    EXPECT_EQ(error_of(Bytes{0}), Errc::malformed);
    EXPECT_EQ(error_of(Bytes{3, 'a', 'b', 'c'}), Errc::malformed);
}

}  // namespace
}  // namespace sotto::libp2p::multistream
