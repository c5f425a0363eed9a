// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "whisper/packets.hpp"

#include <bit>
#include <limits>

#include "codec/rlp.hpp"
#include "whisper/envelope.hpp"
#include "whisper/golden_testing.hpp"

namespace sotto::whisper {
namespace {

using testing::hex;

constexpr std::string_view kPow001 = "883f50624dd2f1a9fc";

std::vector<Bytes> wire_payloads(int wanted) {
    std::ifstream in(std::string(SOTTO_VECTORS) + "/whisper/golden_wire_misc.txt");
    std::vector<Bytes> found;
    const auto prefix = "code=" + std::to_string(wanted) + " ";
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with(prefix)) found.push_back(hex(line.substr(line.find("payload=") + 8)));
    }
    EXPECT_FALSE(found.empty()) << wanted;
    return found;
}

Bytes status_of(std::string_view fields_hex) {
    const Bytes fields = hex(fields_hex);
    Bytes out;
    rlp::append_header(out, true, fields.size());
    append(out, fields);
    return out;
}

TEST(Packets, StatusIsByteEqualToTheOriginals) {
    const auto golden = wire_payloads(0);
    ASSERT_EQ(golden.size(), 2u);
    EXPECT_EQ(to_hex(encode_status({0.001, Bloom(), false, true})), to_hex(golden[0]));
    EXPECT_EQ(to_hex(encode_status({0.002, Bloom::full(), true, false})), to_hex(golden[1]));
    const auto first = decode_status(golden[0]);
    ASSERT_TRUE(first.has_value());
    EXPECT_EQ(first->min_pow, 0.001);
    EXPECT_EQ(first->bloom, Bloom());
    EXPECT_TRUE(first->confirmations);
    const auto second = decode_status(golden[1]);
    EXPECT_TRUE(second->bloom.is_full());
    EXPECT_TRUE(second->light);
}

TEST(Packets, StatusMayHaveOneToAnyNumberOfFields) {
    const std::string pow(kPow001);
    for (const auto& fields : {std::string("06"),
                               "06" + pow,
                               "06" + pow + "80",
                               "06" + pow + "8080",
                               "06" + pow + "808080",
                               "06" + pow + "808080c3808080",
                               "06" + pow + "808080c0ff",
                               "06" + pow + "8080c3010203"}) {
        const auto status = decode_status(status_of(fields));
        ASSERT_TRUE(status.has_value()) << fields;
        EXPECT_TRUE(status->bloom.is_full());
        EXPECT_FALSE(status->light);
        EXPECT_FALSE(status->confirmations);
        EXPECT_EQ(status->min_pow, fields.size() > 2 ? 0.001 : 0.0);
    }
    // As Murmur writes it.
    EXPECT_TRUE(decode_status(status_of("06" + pow + "808001"))->confirmations);
}

TEST(Packets, RatesAreTheSixthField) {
    const auto status = decode_status(status_of("06" + std::string(kPow001) + "808080c30a0580"));
    ASSERT_TRUE(status && status->rates);
    EXPECT_EQ(*status->rates, (PacketRates{10, 5, 0}));
    EXPECT_EQ(to_hex(encode_status(*status)), to_hex(status_of("06" + std::string(kPow001) + "808080c30a0580")));
    const auto without = decode_status(status_of("06" + std::string(kPow001) + "808080c3808080"));
    EXPECT_EQ(without->rates->strictest(), 0u);
    EXPECT_EQ((PacketRates{10, 5, 0}).strictest(), 5u);
    EXPECT_EQ((PacketRates{10, 0, 0}).strictest(), 10u);
    EXPECT_EQ(decode_rates(hex("c30a0580")).value(), (PacketRates{10, 5, 0}));
    EXPECT_EQ(encode_rates({10, 5, 0}), hex("c30a0580"));
    EXPECT_FALSE(decode_rates(hex("0a")).has_value());
}

TEST(Packets, AStatusThatNoPeerMaySendIsRefused) {
    EXPECT_EQ(decode_status(status_of("05")).error(), Errc::unsupported);
    EXPECT_EQ(decode_status(status_of("8206ff")).error(), Errc::unsupported);
    for (const auto* fields : {"",
                               "06887ff8000000000001",
                               "06887ff0000000000000",
                               "0688bf50624dd2f1a9fc",
                               "0688fff0000000000000",
                               "0689010000000000000000",
                               "06c0",
                               "0680"
                               "8101",
                               "0680"
                               "83010203",
                               "068080"
                               "02",
                               "06808080"
                               "820100"}) {
        const auto status = decode_status(status_of(fields));
        ASSERT_FALSE(status.has_value()) << fields;
        EXPECT_EQ(status.error().blame(), Blame::peer) << fields;
    }
    EXPECT_FALSE(decode_status({}).has_value());
    EXPECT_FALSE(decode_status(hex("06")).has_value());
}

TEST(Packets, TermsAreByteEqualToTheOriginals) {
    EXPECT_EQ(to_hex(encode_pow_requirement(0.002)), to_hex(wire_payloads(2)[0]));
    EXPECT_EQ(decode_pow_requirement(wire_payloads(2)[0]), 0.002);
    const auto bloom = decode_bloom(wire_payloads(3)[0]);
    ASSERT_TRUE(bloom.has_value());
    EXPECT_EQ(to_hex(encode_bloom(*bloom)), to_hex(wire_payloads(3)[0]));
    EXPECT_TRUE(bloom->matches({1, 2, 3, 4}));
}

TEST(Packets, NumbersThatAreNoRequirementAreRefused) {
    using limits = std::numeric_limits<double>;
    for (const double bad : {limits::quiet_NaN(),
                             limits::signaling_NaN(),
                             limits::infinity(),
                             -limits::infinity(),
                             -0.001,
                             -limits::denorm_min()}) {
        EXPECT_EQ(decode_pow_requirement(rlp::encode_uint(std::bit_cast<std::uint64_t>(bad))).error(), Errc::malformed);
    }
    EXPECT_EQ(decode_pow_requirement(hex("80")), 0.0);
    EXPECT_FALSE(decode_pow_requirement(hex("c0")).has_value());
    EXPECT_FALSE(decode_pow_requirement({}).has_value());
    EXPECT_FALSE(decode_pow_requirement(hex("8080")).has_value());
    EXPECT_FALSE(decode_bloom(hex("80")).has_value());
    EXPECT_FALSE(decode_bloom(rlp::encode_string(Bytes(63))).has_value());
    EXPECT_FALSE(decode_bloom(rlp::encode_string(Bytes(65))).has_value());
}

TEST(Packets, AcknowledgementsAreByteEqualToTheOriginals) {
    const auto golden = wire_payloads(11)[0];
    const auto batch = decode_batch_ack(golden);
    ASSERT_TRUE(batch.has_value());
    EXPECT_EQ(to_hex(encode_batch_ack(*batch)), to_hex(golden));
    EXPECT_FALSE(decode_batch_ack(rlp::encode_string(Bytes(31))).has_value());
}

TEST(Packets, ResponsesComeBackAsTheyWere) {
    BatchResponse response{crypto::keccak256(view_of("batch")), {}};
    // [1, [hash, []]]
    EXPECT_EQ(to_hex(encode_batch_response(response)), "e401e2a0" + to_hex(response.batch) + "c0");
    response.errors.push_back({crypto::keccak256(view_of("one")), kErrorTimeNotSynced, "very old envelope"});
    response.errors.push_back({crypto::keccak256(view_of("two")), kErrorOther, std::string(1'000, 'x')});
    const auto again = decode_batch_response(encode_batch_response(response));
    ASSERT_TRUE(again && *again);
    EXPECT_EQ((*again)->batch, response.batch);
    ASSERT_EQ((*again)->errors.size(), 2u);
    EXPECT_EQ((*again)->errors[0].code, 36u);
    EXPECT_EQ((*again)->errors[0].description, "very old envelope");
    EXPECT_EQ((*again)->errors[1].description.size(), 256u);
}

TEST(Packets, AResponseOfAnotherVersionIsIgnoredAndGarbageIsNot) {
    const auto other = decode_batch_response(hex("c102"));
    ASSERT_TRUE(other.has_value());
    EXPECT_FALSE(other->has_value());
    for (const auto* bad : {"", "80", "c0", "c101", "c201c0", "c301c180"}) {
        EXPECT_FALSE(decode_batch_response(hex(bad)).has_value()) << bad;
    }
}

TEST(Packets, EnvelopesAreSplitWithoutLookingInside) {
    const Bytes batch = wire_payloads(1)[0];
    const auto list = split_envelopes(batch, false);
    ASSERT_TRUE(list.has_value());
    ASSERT_EQ(list->size(), 1u);
    EXPECT_TRUE(decode_envelope(list->front()).has_value());
    EXPECT_TRUE(split_envelopes(hex("c0"), false)->empty());

    const Bytes single = wire_payloads(127)[0];
    const auto direct = split_envelopes(single, true);
    ASSERT_EQ(direct->size(), 1u);
    EXPECT_EQ(to_hex(direct->front()), to_hex(single));
    EXPECT_EQ(split_envelopes(batch, true)->size(), 1u);

    EXPECT_FALSE(split_envelopes(hex("80"), false).has_value());
    EXPECT_FALSE(split_envelopes({}, false).has_value());
    // A megabyte of empty items must not become millions of views.
    Bytes flood;
    rlp::append_header(flood, true, 1'000'000);
    flood.resize(flood.size() + 1'000'000, 0xc0);
    EXPECT_EQ(split_envelopes(flood, false).error(), Errc::malformed);
}

}  // namespace
}  // namespace sotto::whisper
