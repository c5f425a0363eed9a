// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <iterator>

#include "crypto/vectors_testing.hpp"

namespace sotto::crypto::testing {
namespace {

void flatten(const boost::json::value& value, const std::string& path, std::map<std::string, std::string>& out) {
    const auto prefix = path.empty() ? path : path + ".";
    if (value.is_string()) {
        out.emplace(path, std::string(value.get_string()));
    } else if (value.is_object()) {
        for (const auto& member : value.get_object()) {
            flatten(member.value(), prefix + std::string(member.key()), out);
        }
    } else if (value.is_array()) {
        std::size_t index = 0;
        for (const auto& item : value.get_array()) flatten(item, prefix + std::to_string(index++), out);
    }
}

TEST(Vectors, AreReadByTheirPath) {
    const auto vectors = read_vectors("keccak/crypto.json");
    EXPECT_EQ(vectors.at("aes1.decryption_type"), "aes_ctr");
    EXPECT_EQ(read_vectors("keccak/keyaddrtest.json").at("1.seed"), "horse");
}

}  // namespace

std::map<std::string, std::string> read_vectors(const std::string& file) {
    std::ifstream in(std::string(SOTTO_VECTORS) + "/" + file);
    EXPECT_TRUE(in.good()) << file;
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    std::map<std::string, std::string> out;
    flatten(boost::json::parse(text), "", out);
    return out;
}

Bytes hex(std::string_view text) {
    auto bytes = from_hex(text);
    EXPECT_TRUE(bytes.has_value()) << text;
    return bytes.value_or(Bytes{});
}

Bytes counting_bytes(std::size_t size, Byte first) {
    Bytes bytes(size);
    for (auto& byte : bytes) byte = first++;
    return bytes;
}

}  // namespace sotto::crypto::testing
