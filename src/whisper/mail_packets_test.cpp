// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "whisper/mail_packets.hpp"

#include <gtest/gtest.h>

#include "codec/rlp.hpp"
#include "whisper/golden_testing.hpp"

namespace sotto::whisper {
namespace {

using testing::hex;

// Made by running the original encoders.
constexpr std::string_view kEnvelope = "d2845d0000000a84010203048568656c6c6f07";
constexpr std::string_view kComplete =
    "b864ed7f4ec22029c196219091282677a96fbf25592738dd460fb2460d3a3c590a43da6923606c6e1c49cd954a874ef22bd005744fa776d4e4"
    "2c"
    "0812e0e030ebd525000000000000000000000000000000000000000000000000000000000000000000000000";
constexpr std::string_view kSyncResponse = "d7d3d2845d0000000a84010203048568656c6c6f07800180";

std::string sync_request(std::string_view lower, std::string_view upper, std::string_view limit) {
    std::string bloom;
    for (int i = 0; i < 64; ++i) bloom += "ff";
    return "f846" + std::string(lower) + std::string(upper) + "b840" + bloom + std::string(limit) + "80";
}

TEST(MailPackets, ARequestMayBeAnEnvelope) {
    const auto payload = hex(kEnvelope);
    const auto request = decode_mail_request(payload);
    ASSERT_TRUE(request && request->sealed);
    EXPECT_EQ(request->id, crypto::keccak256(payload));
    EXPECT_EQ(request->sealed->expiry, 0x5d000000u);
}

TEST(MailPackets, ARequestMayBeInClear) {
    Bytes payload;
    rlp::Writer writer(payload);
    const auto list = writer.begin_list();
    Hash id{};
    id.fill(7);
    writer.string(BytesView(id)).uint(100).uint(200).uint(50).string(std::string_view("cursor")).string(BytesView());
    writer.end_list(list);
    const auto request = decode_mail_request(payload);
    ASSERT_TRUE(request.has_value());
    EXPECT_FALSE(request->sealed);
    EXPECT_EQ(request->id, id);
    EXPECT_EQ(request->from, 100u);
    EXPECT_EQ(request->to, 200u);
    EXPECT_EQ(request->limit, 50u);
    EXPECT_EQ(text_of(request->cursor), "cursor");
    EXPECT_TRUE(request->bloom.is_full());
}

TEST(MailPackets, AnAnswerIsByteEqualToTheOriginals) {
    const auto complete = decode_mail_complete(hex(kComplete));
    ASSERT_TRUE(complete && complete->last);
    EXPECT_EQ(complete->cursor, Bytes(36));
    EXPECT_EQ(to_hex(encode_mail_complete(*complete)), kComplete);
}

TEST(MailPackets, AnAnswerMayBeJustTheIdOrAnError) {
    MailComplete plain;
    plain.id.fill(1);
    const auto again = decode_mail_complete(encode_mail_complete(plain));
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(again->id, plain.id);
    EXPECT_FALSE(again->last || again->error);

    MailComplete failed = plain;
    failed.error = std::string(1000, 'x');
    const auto error = decode_mail_complete(encode_mail_complete(failed));
    ASSERT_TRUE(error && error->error);
    EXPECT_EQ(error->id, plain.id);
    EXPECT_EQ(error->error->size(), kMaxMailError);
}

TEST(MailPackets, ASyncRequestHasARangeAndALimit) {
    const auto request = decode_mail_sync_request(hex(sync_request("01", "02", "0a")));
    ASSERT_TRUE(request.has_value());
    EXPECT_EQ(request->lower, 1u);
    EXPECT_EQ(request->upper, 2u);
    EXPECT_EQ(request->limit, 10u);
    EXPECT_TRUE(request->bloom.is_full());
    EXPECT_FALSE(decode_mail_sync_request(hex(sync_request("03", "02", "0a"))).has_value());
    EXPECT_FALSE(decode_mail_sync_request(hex(sync_request("01", "02", "80"))).has_value());
}

TEST(MailPackets, ASyncResponseIsByteEqualToTheOriginals) {
    const auto payload = hex(kSyncResponse);
    const auto response = decode_mail_sync_response(payload);
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->envelopes.size(), 1u);
    EXPECT_EQ(to_hex(response->envelopes[0]), kEnvelope);
    EXPECT_TRUE(response->last);
    EXPECT_EQ(to_hex(encode_mail_sync_response(*response)), kSyncResponse);
}

TEST(MailPackets, GarbageIsTheSendersFault) {
    for (const auto* payload : {"", "80", "c0", "c1c0", "a0", "d7d3", "c20102", "c7c180800180c0"}) {
        const auto bytes = hex(payload);
        for (const auto& error : {decode_mail_request(bytes).error(),
                                  decode_mail_complete(bytes).error(),
                                  decode_mail_sync_request(bytes).error(),
                                  decode_mail_sync_response(bytes).error()}) {
            EXPECT_EQ(error.blame(), Blame::peer) << payload;
        }
    }
    Bytes long_cursor(33 + kMaxCursor, 1);
    long_cursor.resize(32 + 32 + kMaxCursor + 1);
    EXPECT_FALSE(decode_mail_complete(rlp::encode_string(long_cursor)).has_value());
}

TEST(MailPackets, AManyTinyItemsCannotPassAsEnvelopes) {
    Bytes payload;
    rlp::Writer writer(payload);
    const auto whole = writer.begin_list();
    const auto list = writer.begin_list();
    for (int i = 0; i < 1000; ++i) writer.raw(hex("c0"));
    writer.end_list(list);
    writer.string(BytesView()).boolean(true).string(BytesView()).end_list(whole);
    EXPECT_FALSE(decode_mail_sync_response(payload).has_value());
}

}  // namespace
}  // namespace sotto::whisper
