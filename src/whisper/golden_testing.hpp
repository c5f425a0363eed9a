// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/random.hpp"

namespace sotto::whisper::testing {

/// Envelopes that Status's original code sealed. One object: its fields as text.
using Golden = std::map<std::string, std::string>;

/// The files hold one `"name": value` a line, which is all of JSON that they need.
inline std::vector<Golden> read_golden(const std::string& file) {
    std::ifstream in(std::string(SOTTO_VECTORS) + "/whisper/" + file);
    std::vector<Golden> all;
    std::string line;
    while (std::getline(in, line)) {
        if (line.find('{') != std::string::npos) all.emplace_back();
        const auto colon = line.find("\": ");
        if (colon == std::string::npos) continue;
        const auto name_begin = line.find('"') + 1;
        auto value = line.substr(colon + 3);
        if (value.ends_with(',')) value.pop_back();
        if (value.starts_with('"')) value = value.substr(1, value.size() - 2);
        all.back()[line.substr(name_begin, colon - name_begin)] = value;
    }
    EXPECT_EQ(all.size(), 7u) << file;
    return all;
}

inline Bytes hex(std::string_view text) {
    auto bytes = from_hex(text);
    EXPECT_TRUE(bytes.has_value()) << text;
    return bytes.value_or(Bytes{});
}

/// A repeatable stream of randomness (xorshift64*).
class TestRandom final : public RandomSource {
  public:
    explicit TestRandom(std::uint64_t seed) : state_(seed * 2 + 1) {}
    void fill(BytesSpan out) noexcept override {
        for (auto& byte : out) {
            state_ ^= state_ >> 12;
            state_ ^= state_ << 25;
            state_ ^= state_ >> 27;
            byte = static_cast<Byte>((state_ * 0x2545f4914f6cdd1d) >> 56);
        }
    }

  private:
    std::uint64_t state_;
};

}  // namespace sotto::whisper::testing
