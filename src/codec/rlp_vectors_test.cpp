// SPDX-License-Identifier: Apache-2.0 OR MIT
// The vectors of ethereum/tests RLPTests.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include <algorithm>
// The parser is compiled into this file alone: the module itself needs no JSON library.
#include <fstream>
#include <iterator>

#include "codec/rlp_testing.hpp"

namespace sotto::rlp {
namespace {

namespace json = boost::json;

json::object read_vectors(const std::string& file) {
    std::ifstream in(std::string(SOTTO_VECTORS) + "/rlp/" + file);
    EXPECT_TRUE(in.good()) << file;
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    return json::parse(text).as_object();
}

Bytes bytes_of(const json::value& hex) {
    const auto bytes = from_hex(std::string_view(hex.as_string()));
    EXPECT_TRUE(bytes.has_value()) << hex;
    return bytes.value_or(Bytes{});
}

/// Vectors hold integers far beyond 64 bits.
Bytes big_endian(std::string_view decimal) {
    Bytes little;
    for (const char digit : decimal) {
        unsigned carry = static_cast<unsigned>(digit - '0');
        for (auto& byte : little) {
            carry += byte * 10u;
            byte = static_cast<Byte>(carry);
            carry >>= 8;
        }
        if (carry > 0) little.push_back(static_cast<Byte>(carry));
    }
    std::ranges::reverse(little);
    return little;
}

Bytes leaf_of(const json::value& value) {
    if (value.is_int64()) return big_endian(std::to_string(value.get_int64()));
    const std::string_view text = value.as_string();
    return text.starts_with('#') ? big_endian(text.substr(1)) : to_bytes(text);
}

testing::Tokens tokens_of(const json::value& value) {
    testing::Tokens tokens;
    if (!value.is_array()) return {to_hex(leaf_of(value))};
    tokens.emplace_back("[");
    std::vector<std::span<const json::value>> open{{value.get_array().data(), value.get_array().size()}};
    while (!open.empty()) {
        if (open.back().empty()) {
            open.pop_back();
            tokens.emplace_back("]");
            continue;
        }
        const auto& item = open.back().front();
        open.back() = open.back().subspan(1);
        if (item.is_array()) {
            open.emplace_back(item.get_array().data(), item.get_array().size());
            tokens.emplace_back("[");
        } else {
            tokens.push_back(to_hex(leaf_of(item)));
        }
    }
    return tokens;
}

TEST(RlpVectors, ValidOnesAreEncodedAndDecoded) {
    const auto vectors = read_vectors("rlptest.json");
    EXPECT_GE(vectors.size(), 28u);
    for (const auto& vector : vectors) {
        const auto tokens = tokens_of(vector.value().at("in"));
        const auto bytes = bytes_of(vector.value().at("out"));
        EXPECT_EQ(to_hex(testing::encode_tokens(tokens)), to_hex(bytes)) << vector.key();
        const auto decoded = testing::decode_tokens(bytes);
        ASSERT_TRUE(decoded.has_value()) << vector.key() << ": " << decoded.error().message();
        EXPECT_EQ(*decoded, tokens) << vector.key();
    }
}

TEST(RlpVectors, RandomOneIsDecoded) {
    for (const auto& vector : read_vectors("random-example.json")) {
        const auto bytes = bytes_of(vector.value().at("out"));
        const auto decoded = testing::decode_tokens(bytes);
        ASSERT_TRUE(decoded.has_value()) << vector.key();
        EXPECT_EQ(testing::encode_tokens(*decoded), bytes);
    }
}

TEST(RlpVectors, InvalidOnesAreRefused) {
    const auto vectors = read_vectors("invalidRLPTest.json");
    EXPECT_GE(vectors.size(), 26u);
    for (const auto& vector : vectors) {
        const auto decoded = testing::decode_tokens(bytes_of(vector.value().at("out")));
        ASSERT_FALSE(decoded.has_value()) << vector.key();
        EXPECT_EQ(decoded.error(), Errc::malformed) << vector.key();
    }
}

}  // namespace
}  // namespace sotto::rlp
