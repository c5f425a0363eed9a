// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "crypto/key_spki.hpp"

#include <gtest/gtest.h>

#include "crypto/vectors_testing.hpp"

namespace sotto::crypto::spki {
namespace {

using testing::hex;

Bytes element(Byte tag, BytesView content) {
    Bytes out{tag};
    if (content.size() >= 0x100) {
        out.insert(out.end(), {0x82, static_cast<Byte>(content.size() >> 8)});
    } else if (content.size() >= 0x80) {
        out.push_back(0x81);
    }
    out.push_back(static_cast<Byte>(content.size()));
    append(out, content);
    return out;
}
Bytes joined(std::initializer_list<BytesView> parts) {
    Bytes out;
    for (const auto& part : parts) append(out, part);
    return out;
}
const Bytes kAlgorithm = hex("300d06092a864886f70d0101010500");

Bytes spki_of(BytesView modulus_content, BytesView exponent_content) {
    const auto numbers = element(0x30, joined({element(0x02, modulus_content), element(0x02, exponent_content)}));
    return element(0x30, joined({kAlgorithm, element(0x03, joined({Bytes{0}, numbers}))}));
}
/// An odd number of that many bits, with the zero that DER puts before a set top bit.
Bytes odd_number(std::size_t bits) {
    Bytes out((bits + 7) / 8);
    out.front() = static_cast<Byte>(1U << (bits - 1) % 8);
    out.back() |= 1;
    if (out.front() >= 0x80) out.insert(out.begin(), 0);
    return out;
}
const Bytes kExponent = hex("010001");

TEST(Spki, ReadsRsaKeys) {
    for (std::size_t bits : {2048U, 2049U, 3072U, 4096U, 8192U}) {
        const auto der = spki_of(odd_number(bits), kExponent);
        const auto key = parse_rsa(der);
        ASSERT_TRUE(key.has_value()) << bits;
        EXPECT_EQ(key->modulus.size(), (bits + 7) / 8);
        EXPECT_EQ(to_hex(key->exponent), "010001");
    }
    EXPECT_TRUE(parse_rsa(spki_of(odd_number(2048), hex("03"))).has_value());
    EXPECT_TRUE(parse_rsa(spki_of(odd_number(2048), hex("7fffffff"))).has_value());
}

TEST(Spki, BoundsRsaKeys) {
    for (std::size_t bits : {8U, 1024U, 2047U, 8193U, 65536U}) {
        EXPECT_FALSE(parse_rsa(spki_of(odd_number(bits), kExponent)).has_value()) << bits;
    }
    for (const auto* exponent : {"01", "02", "010000", "0080000001", "0100000001", "00ffffffffffffffff"}) {
        EXPECT_FALSE(parse_rsa(spki_of(odd_number(2048), hex(exponent))).has_value()) << exponent;
    }
    auto even = odd_number(2048);
    even.back() = 0;
    EXPECT_FALSE(parse_rsa(spki_of(even, kExponent)).has_value());
}

TEST(Spki, WantsRsaInStrictDer) {
    const auto modulus = odd_number(2048);
    auto negative = modulus;
    negative.erase(negative.begin());
    EXPECT_FALSE(parse_rsa(spki_of(negative, kExponent)).has_value());
    EXPECT_FALSE(parse_rsa(spki_of(joined({Bytes{0}, modulus}), kExponent)).has_value());
    EXPECT_FALSE(parse_rsa(spki_of(modulus, hex("00010001"))).has_value());
    EXPECT_FALSE(parse_rsa(spki_of(modulus, {})).has_value());
    EXPECT_FALSE(parse_rsa(spki_of({}, kExponent)).has_value());
    EXPECT_FALSE(parse_rsa(spki_of(Bytes{0}, kExponent)).has_value());

    const auto numbers = element(0x30, joined({element(0x02, modulus), element(0x02, kExponent)}));
    const auto with = [&](BytesView bits, BytesView behind = {}) {
        return element(0x30, joined({kAlgorithm, element(0x03, bits), behind}));
    };
    EXPECT_TRUE(parse_rsa(with(joined({Bytes{0}, numbers}))).has_value());
    EXPECT_FALSE(parse_rsa(with(joined({Bytes{1}, numbers}))).has_value()) << "unused bits";
    EXPECT_FALSE(parse_rsa(with({})).has_value());
    EXPECT_FALSE(parse_rsa(with(joined({Bytes{0}, numbers, Bytes{0}}))).has_value());
    EXPECT_FALSE(parse_rsa(with(joined({Bytes{0}, numbers}), hex("0500"))).has_value());
    const auto third =
        element(0x30, joined({element(0x02, modulus), element(0x02, kExponent), element(0x02, Bytes{1})}));
    EXPECT_FALSE(parse_rsa(with(joined({Bytes{0}, third}))).has_value());
}

TEST(Spki, RefusesEveryTruncationAndLongerLengths) {
    const auto der = spki_of(odd_number(2048), kExponent);
    for (std::size_t size = 0; size < der.size(); ++size) {
        ASSERT_FALSE(parse_rsa(BytesView(der).first(size)).has_value()) << size;
    }
    EXPECT_FALSE(parse_rsa(joined({der, Bytes{0}})).has_value());
    for (const auto* head : {"3080", "3083000100", "30820000", "308100", "3084ffffffff", "30ff", "30"}) {
        EXPECT_FALSE(parse_rsa(hex(head)).has_value()) << head;
        EXPECT_FALSE(parse_rsa(joined({hex(head), BytesView(der).subspan(4)})).has_value()) << head;
    }
    // 82 00 nn and 81 nn below 80 are not the shortest form.
    const auto long_form = joined({hex("30820122"), BytesView(der).subspan(4)});
    EXPECT_EQ(long_form, der) << "the size that the next line writes in three bytes";
    EXPECT_FALSE(parse_rsa(joined({hex("3083000122"), BytesView(der).subspan(4)})).has_value());
}

TEST(Spki, ReadsP256KeysOfOneFormOnly) {
    auto der =
        hex("3059301306072a8648ce3d020106082a8648ce3d03010703420004de3d300fa36ae0e8f5d530899d83abab44abf3161f162a4bc901"
            "d8e6ecda"
            "020e8b6d5f8da30525e71d6851510c098e5c47c646a597fb4dcec034e9f77c409e62");
    const auto point = parse_p256(der);
    ASSERT_TRUE(point.has_value());
    EXPECT_EQ(point->size(), 65u);
    for (std::size_t size = 0; size < der.size(); ++size) {
        EXPECT_FALSE(parse_p256(BytesView(der).first(size)).has_value());
    }
    for (std::size_t i = 0; i < 27; ++i) {
        auto changed = der;
        changed[i] ^= 1;
        EXPECT_FALSE(parse_p256(changed).has_value()) << i;
    }
    der.push_back(0);
    EXPECT_FALSE(parse_p256(der).has_value());
}

}  // namespace
}  // namespace sotto::crypto::spki
