// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <string>
#include <vector>

#include "codec/rlp.hpp"

namespace sotto::rlp::testing {

/// One item written flat: "[" and "]" around lists, strings in hex.
using Tokens = std::vector<std::string>;

/// Decodes one item with all that is in it. Without recursion: hostile input nests as deep as it is long.
inline Result<Tokens> decode_tokens(BytesView in) {
    Reader whole(in);
    SOTTO_CHECK(whole.skip());
    SOTTO_CHECK(whole.expect_end());
    Tokens tokens;
    std::vector<Reader> open{Reader(in)};
    while (true) {
        if (open.back().empty()) {
            open.pop_back();
            if (open.empty()) return tokens;
            tokens.emplace_back("]");
        } else if (open.back().next_is_list()) {
            SOTTO_TRY(const auto inside, open.back().list());
            open.push_back(inside);
            tokens.emplace_back("[");
        } else {
            SOTTO_TRY(const auto bytes, open.back().string());
            tokens.push_back(to_hex(bytes));
        }
    }
}

inline Bytes encode_tokens(const Tokens& tokens) {
    Bytes out;
    Writer writer(out);
    std::vector<std::size_t> marks;
    for (const auto& token : tokens) {
        if (token == "[") {
            marks.push_back(writer.begin_list());
        } else if (token == "]") {
            writer.end_list(marks.back());
            marks.pop_back();
        } else {
            writer.string(*from_hex(token));
        }
    }
    return out;
}

}  // namespace sotto::rlp::testing
