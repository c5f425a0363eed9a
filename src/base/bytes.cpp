// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "base/bytes.hpp"

namespace sotto {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

int digit_value(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

void append_hex(std::string& out, BytesView bytes) {
    out.reserve(out.size() + bytes.size() * 2);
    for (const Byte b : bytes) {
        out.push_back(kDigits[b >> 4]);
        out.push_back(kDigits[b & 15]);
    }
}

}  // namespace

std::string to_hex(BytesView bytes) {
    std::string out;
    append_hex(out, bytes);
    return out;
}

std::string to_hex_prefixed(BytesView bytes) {
    std::string out = "0x";
    append_hex(out, bytes);
    return out;
}

Result<Bytes> from_hex(std::string_view text) {
    if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
    if (text.size() % 2 != 0) return fail(Errc::invalid_argument, "hex text of odd length");
    Bytes out(text.size() / 2);
    for (std::size_t i = 0; i < out.size(); ++i) {
        const int high = digit_value(text[2 * i]);
        const int low = digit_value(text[2 * i + 1]);
        if (high < 0 || low < 0) return fail(Errc::invalid_argument, "not a hex digit");
        out[i] = static_cast<Byte>(high << 4 | low);
    }
    return out;
}

}  // namespace sotto
