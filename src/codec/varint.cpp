// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "codec/varint.hpp"

#include <bit>

namespace sotto::varint {

std::size_t encoded_size(std::uint64_t value) noexcept {
    return value == 0 ? 1 : (static_cast<std::size_t>(std::bit_width(value)) + 6) / 7;
}

void append(Bytes& out, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) out.push_back(static_cast<Byte>(value | 0x80));
    out.push_back(static_cast<Byte>(value));
}

Result<std::optional<Decoded>> decode(BytesView in) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < in.size(); ++i) {
        const Byte b = in[i];
        // The tenth byte holds the last bit of 64.
        if (i == kMaxSize - 1 && b > 1) return fail(Errc::malformed, "varint out of range");
        value |= std::uint64_t{b & 0x7fu} << (7 * i);
        if (b >= 0x80) continue;
        if (b == 0 && i > 0) return fail(Errc::malformed, "varint in a form that is too long");
        return Decoded{value, i + 1};
    }
    return std::optional<Decoded>();
}

Result<std::uint64_t> read(BytesView& in) {
    SOTTO_TRY(const auto number, decode(in));
    if (!number) return fail(Errc::malformed, "input ends inside a varint");
    in = in.subspan(number->size);
    return number->value;
}

Result<BytesView> read_bytes(BytesView& in, std::size_t max_size) {
    SOTTO_TRY(const auto size, read(in));
    if (size > max_size) return fail(Errc::too_large, "a length above its limit");
    if (size > in.size()) return fail(Errc::malformed, "input ends inside a byte string");
    const auto bytes = in.first(static_cast<std::size_t>(size));
    in = in.subspan(bytes.size());
    return bytes;
}

}  // namespace sotto::varint
