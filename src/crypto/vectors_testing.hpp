// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <map>
#include <string>

#include "base/bytes.hpp"

namespace sotto::crypto::testing {

/// Published vectors: the strings of a JSON file under tests/vectors by their path, as in "2.hex" or "aes1.key".
std::map<std::string, std::string> read_vectors(const std::string& file);

/// Fails the test and gives nothing when the text is not hex.
Bytes hex(std::string_view text);
template <std::size_t N>
ByteArray<N> hex_array(std::string_view text) {
    Bytes bytes = hex(text);
    bytes.resize(N);
    return first_bytes<N>(bytes);
}
/// 0, 1, 2 … for tests that need some bytes.
Bytes counting_bytes(std::size_t size, Byte first = 0);

}  // namespace sotto::crypto::testing
