// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "whisper/envelope.hpp"

#include "codec/rlp.hpp"
#include "whisper/golden_testing.hpp"

namespace sotto::whisper {
namespace {

using testing::hex;

const char* const kGoldenFiles[] = {"golden_envelopes_pow_eip627.json", "golden_envelopes_pow_old.json"};

TEST(Envelope, DecodesWhatTheOriginalSealedAndWritesTheSameBytes) {
    for (const auto* file : kGoldenFiles) {
        for (auto& golden : testing::read_golden(file)) {
            SCOPED_TRACE(golden["Name"]);
            const Bytes raw = hex(golden["Envelope"]);
            const auto view = decode_envelope(raw);
            ASSERT_TRUE(view.has_value());
            EXPECT_EQ(std::to_string(view->expiry), golden["Expiry"]);
            EXPECT_EQ(std::to_string(view->ttl), golden["TTL"]);
            EXPECT_EQ(std::to_string(view->nonce), golden["Nonce"]);
            EXPECT_EQ(to_hex(view->topic), golden["Topic"]);
            const Bytes body = encode_body(view->expiry, view->ttl, view->topic, view->data);
            EXPECT_EQ(to_hex(view->body), to_hex(body));
            EXPECT_EQ(to_hex(encode_envelope(body, view->nonce)), to_hex(raw));
            const auto envelope = make_envelope(raw);
            ASSERT_TRUE(envelope.has_value());
            EXPECT_EQ("0x" + to_hex((*envelope)->hash()), golden["Hash"]);
        }
    }
}

TEST(Envelope, KeepsItsOwnBytesAfterTheBufferIsGone) {
    auto raw =
        std::make_unique<Bytes>(hex("d2845d0000000a8401020304"
                                    "8568656c6c6f07"));
    const auto envelope = make_envelope(*raw);
    ASSERT_TRUE(envelope.has_value());
    const auto text = to_hex(*raw);
    raw->assign(raw->size(), 0);
    raw.reset();
    const auto& view = (*envelope)->view();
    EXPECT_EQ(to_hex((*envelope)->raw()), text);
    EXPECT_EQ(text_of(view.data), "hello");
    EXPECT_EQ(to_hex(view.body), "845d0000000a84010203048568656c6c6f");
    EXPECT_EQ(view.raw.data(), (*envelope)->raw().data());
}

TEST(Envelope, AcceptsEmptyDataAndZeroNumbers) {
    const auto view =
        decode_envelope(hex("c98080840000000080"
                            "80"));
    ASSERT_TRUE(view.has_value());
    EXPECT_EQ(view->expiry, 0u);
    EXPECT_TRUE(view->data.empty());
    EXPECT_EQ(view->sent(), 0u);
}

TEST(Envelope, RefusesWhatNoEncoderWrites) {
    const char* const kBad[] = {
        "",
        "80",
        "c0",
        "c88080840000000080",  // four items
        "ca808084000000008080"
        "80",  // six items
        "c98080840000000080"
        "8080",  // bytes behind
        "c880808300000080"
        "80",                              // topic of three bytes
        "cd8085010000000084000000008080",  // ttl above 32 bits
        "cd8501000000008084000000008080",  // expiry above 32 bits
        "cb80820001840000000080"
        "80",  // a leading zero
        "ca80808400000000"
        "8100"
        "80",  // data in a longer form than needed
        "cac0808400000000"
        "8080"
        "80",  // a list for a number
        "d28080840000000080"
        "89010000000000000000",  // nonce above 64 bits
        "c98080840000000080",    // ends inside
        "f800",                  // long form of a short list
        "ffffffffffffffffff",
    };
    for (const auto* text : kBad) {
        const auto view = decode_envelope(hex(text));
        ASSERT_FALSE(view.has_value()) << text;
        EXPECT_EQ(view.error().blame(), Blame::peer) << text;
    }
}

TEST(Envelope, SentWrapsWhenTheTtlIsAboveTheExpiry) {
    const Bytes raw = encode_envelope(encode_body(5, 10, {}, {}), 0);
    const auto view = decode_envelope(raw);
    ASSERT_TRUE(view.has_value());
    EXPECT_EQ(view->sent(), 0xfffffffbu);
}

}  // namespace
}  // namespace sotto::whisper
