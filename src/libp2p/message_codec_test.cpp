// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "libp2p/message_codec.hpp"

#include <gtest/gtest.h>

#include "codec/rlp.hpp"

namespace sotto::libp2p {
namespace {

/// Feeds at most `cut` bytes at a time; every message, then the bytes left over, or the first error.
Result<std::vector<net::Message>> feed(MessageReader& reader, BytesView in, std::size_t cut = ~std::size_t{0}) {
    std::vector<net::Message> messages;
    while (!in.empty()) {
        const auto into = reader.want();
        const auto count = std::min({into.size(), in.size(), cut});
        std::memcpy(into.data(), in.data(), count);
        in = in.subspan(count);
        SOTTO_TRY(const bool complete, reader.take(count));
        if (complete) messages.push_back(reader.take_message());
    }
    return messages;
}
Errc error_of(std::string_view hex, std::size_t max_message = 1024) {
    MessageReader reader(max_message);
    const auto fed = feed(reader, from_hex(hex).value());
    return fed ? Errc::would_block : fed.error().code();
}

TEST(MessageReader, ReadsWhatTheOriginalSends) {
    MessageReader reader(1024);
    const auto messages = feed(reader,
                               from_hex("80c20607"
                                        "01d3d2" +
                                        std::string(36, '0'))
                                   .value())
                              .value();
    ASSERT_EQ(messages.size(), 2u);
    EXPECT_EQ(messages[0].code, 0u);
    EXPECT_EQ(to_hex(messages[0].payload), "c20607");
    EXPECT_EQ(messages[1].code, 1u);
    EXPECT_EQ(messages[1].payload.size(), 20u);
    EXPECT_FALSE(reader.in_message());
}

TEST(MessageReader, ReadsBackWhatIsWrittenHoweverItIsCut) {
    Bytes stream;
    std::vector<Bytes> payloads;
    for (const std::size_t size : {0u, 1u, 55u, 56u, 255u, 256u, 5000u, 70'000u}) {
        payloads.push_back(rlp::encode_string(Bytes(size, 0x90)));
        const auto half = payloads.back().size() / 2;
        const std::array<BytesView, 2> pieces{BytesView(payloads.back()).first(half),
                                              BytesView(payloads.back()).subspan(half)};
        append_message(stream, static_cast<net::Code>(size * 61'000), pieces);
    }
    for (const std::size_t cut : {std::size_t{1}, std::size_t{3}, std::size_t{1000}, ~std::size_t{0}}) {
        MessageReader reader(100'000);
        const auto messages = feed(reader, stream, cut).value();
        ASSERT_EQ(messages.size(), payloads.size());
        for (std::size_t i = 0; i < payloads.size(); ++i) EXPECT_EQ(messages[i].payload, payloads[i]);
        EXPECT_EQ(messages.back().code, 70'000u * 61'000u);
    }
}

TEST(MessageReader, RefusesAPromiseAboveTheLimitWithoutAllocatingForIt) {
    EXPECT_EQ(error_of("01ff7fffffffffffffff"), Errc::too_large);
    EXPECT_EQ(error_of("01fc0100000000"), Errc::too_large);
    EXPECT_EQ(error_of("01bb7fffffff"), Errc::too_large);
    EXPECT_EQ(blame_of(error_of("01ffffffffffffffffff")), Blame::peer);
    EXPECT_EQ(error_of("01f903fe"), Errc::too_large);  // 1,022 bytes and a header of 3
    EXPECT_EQ(error_of("01f903fd"), Errc::would_block);
}

TEST(MessageReader, GrowsWithTheBytesThatCameNotWithThePromise) {
    MessageReader reader(1'000'000);
    ASSERT_TRUE(feed(reader, from_hex("01fa0f4200").value()));
    EXPECT_LE(reader.want().size(), 4096u);
    ASSERT_TRUE(feed(reader, Bytes(4092, 1)));
    EXPECT_LE(reader.want().size(), 8192u);
}

TEST(MessageReader, RefusesCodesThatNoEncoderWrites) {
    EXPECT_EQ(error_of("c0"), Errc::malformed);            // a list
    EXPECT_EQ(error_of("00"), Errc::malformed);            // zero is the empty string
    EXPECT_EQ(error_of("8105"), Errc::malformed);          // below 0x80 in a long form
    EXPECT_EQ(error_of("820005"), Errc::malformed);        // leading zero
    EXPECT_EQ(error_of("850100000000"), Errc::malformed);  // 2^32
    EXPECT_EQ(error_of("b840"), Errc::malformed);
    EXPECT_EQ(error_of("84ffffffffc0"), Errc::would_block);
}

}  // namespace
}  // namespace sotto::libp2p
