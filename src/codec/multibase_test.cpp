// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "codec/multibase.hpp"

#include <gtest/gtest.h>

#include "codec/testing.hpp"

namespace sotto::multibase {
namespace {

using sotto::testing::code_of;

constexpr Base kBases[] = {Base::base16, Base::base32, Base::base36, Base::base58btc, Base::base64, Base::base64url};

TEST(Multibase, HasTheFormsOfTheSpecification) {
    // multiformats/multibase tests/basic.csv, leading_zero.csv and two_leading_zeros.csv.
    const struct {
        std::string_view bytes;
        std::vector<std::string> forms;
    } cases[] = {
        {"yes mani !",
         {"f796573206d616e692021",
          "bpfsxgidnmfxgsibb",
          "k2lcpzo5yikidynfl",
          "z7paNL19xttacUY",
          "meWVzIG1hbmkgIQ",
          "ueWVzIG1hbmkgIQ"}},
        {std::string_view("\0yes mani !", 11),
         {"f00796573206d616e692021",
          "bab4wk4zanvqw42jaee",
          "k02lcpzo5yikidynfl",
          "z17paNL19xttacUY",
          "mAHllcyBtYW5pICE",
          "uAHllcyBtYW5pICE"}},
        {std::string_view("\0\0yes mani !", 12),
         {"f0000796573206d616e692021",
          "baaahszltebwwc3tjeaqq",
          "k002lcpzo5yikidynfl",
          "z117paNL19xttacUY",
          "mAAB5ZXMgbWFuaSAh",
          "uAAB5ZXMgbWFuaSAh"}},
    };
    for (const auto& [text, forms] : cases) {
        for (std::size_t i = 0; i < std::size(kBases); ++i) {
            EXPECT_EQ(encode(kBases[i], view_of(text)), forms[i]);
            EXPECT_EQ(text_of(decode(forms[i]).value()), text);
        }
    }
}

TEST(Multibase, CarriesOverManyDigitsAtOnce) {
    // 58^5 and 36^6, and one less.
    const struct {
        Base base;
        std::uint32_t number;
        std::string_view text;
    } cases[] = {{Base::base58btc, 656'356'768, "211111"},
                 {Base::base58btc, 656'356'767, "zzzzz"},
                 {Base::base36, 2'176'782'336, "1000000"},
                 {Base::base36, 2'176'782'335, "zzzzzz"}};
    for (const auto& [base, number, text] : cases) {
        Bytes bytes(4);
        store_be(number, bytes);
        EXPECT_EQ(encode_bare(base, bytes), text);
        EXPECT_EQ(decode_bare(base, text).value(), bytes);
    }
}

TEST(Multibase, BytesOfEveryLengthComeBack) {
    for (std::size_t size = 0; size < 40; ++size) {
        Bytes bytes(size);
        for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<Byte>(i * 37 + size);
        for (const auto base : kBases) {
            EXPECT_EQ(decode_bare(base, encode_bare(base, bytes)).value(), bytes);
            EXPECT_EQ(decode(encode(base, bytes)).value(), bytes);
        }
    }
}

TEST(Multibase, RefusesWhatIsNotCanonical) {
    const std::pair<const char*, const char*> cases[] = {
        {"", "no prefix"},
        {"xabc", "an unknown prefix"},
        {"f0", "half a byte"},
        {"fAB", "upper case"},
        {"ba", "one base32 digit"},
        {"bab", "bits behind the bytes"},
        {"baaa", "a useless digit"},
        {"mQQ==", "padding"},
        {"mQR", "bits behind the bytes"},
        {"u+/", "the other base64"},
        {"z0", "no base58 digit"},
        {"zl", "no base58 digit"},
        {"k_", "no base36 digit"},
        {"mA", "one base64 digit"},
        {"u\xc3\xa9", "no ASCII"},
    };
    for (const auto& [text, what] : cases) EXPECT_EQ(code_of(decode(text)), Errc::malformed) << text << ": " << what;
}

TEST(Multibase, RefusesLongTexts) {
    for (const auto base : kBases) {
        const auto zero = encode_bare(base, Bytes{0})[0];
        EXPECT_TRUE(decode_bare(base, std::string(4096, zero)).has_value());
        EXPECT_EQ(code_of(decode_bare(base, std::string(4097, zero))), Errc::too_large);
    }
}

}  // namespace
}  // namespace sotto::multibase
