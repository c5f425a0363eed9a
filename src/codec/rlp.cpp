// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "codec/rlp.hpp"

#include <bit>

namespace sotto::rlp {
namespace {

std::size_t bytes_of(std::uint64_t value) noexcept {
    return (static_cast<std::size_t>(std::bit_width(value)) + 7) / 8;
}

void append_be(Bytes& out, std::uint64_t value, std::size_t count) {
    for (std::size_t i = count; i-- > 0;) out.push_back(static_cast<Byte>(value >> (8 * i)));
}

/// The length behind a long-form lead byte.
Result<std::optional<Header>> long_header(BytesView in, bool list, std::size_t length_size) {
    if (in.size() >= 2 && in[1] == 0) return fail(Errc::malformed, "RLP length with a leading zero");
    if (in.size() < 1 + length_size) return std::optional<Header>();
    std::uint64_t length = 0;
    for (std::size_t i = 0; i < length_size; ++i) length = length << 8 | in[1 + i];
    if (length < 56) return fail(Errc::malformed, "RLP length in a form that is too long");
    // Adding the header must not wrap.
    if (length > ~std::uint64_t{0} - 9) return fail(Errc::malformed, "RLP length out of range");
    return Header{list, 1 + length_size, static_cast<std::size_t>(length)};
}

}  // namespace

Result<std::optional<Header>> peek_header(BytesView in) {
    if (in.empty()) return std::optional<Header>();
    const Byte lead = in[0];
    if (lead < 0x80) return Header{false, 0, 1};
    if (lead < 0xb8) {
        if (lead == 0x81) {
            if (in.size() < 2) return std::optional<Header>();
            if (in[1] < 0x80) return fail(Errc::malformed, "RLP single byte in a form that is too long");
        }
        return Header{false, 1, static_cast<std::size_t>(lead - 0x80)};
    }
    if (lead < 0xc0) return long_header(in, false, static_cast<std::size_t>(lead - 0xb7));
    if (lead < 0xf8) return Header{true, 1, static_cast<std::size_t>(lead - 0xc0)};
    return long_header(in, true, static_cast<std::size_t>(lead - 0xf7));
}

Result<Header> Reader::next(bool list) {
    SOTTO_TRY(const auto header, peek_header(rest_));
    if (!header) return fail(Errc::malformed, "RLP ends inside an item");
    if (header->list != list) return fail(Errc::malformed, list ? "RLP list expected" : "RLP string expected");
    if (header->payload_size > rest_.size() - header->header_size)
        return fail(Errc::malformed, "RLP item longer than its input");
    return *header;
}

Result<BytesView> Reader::string() {
    SOTTO_TRY(const auto header, next(false));
    const auto payload = rest_.subspan(header.header_size, header.payload_size);
    rest_ = rest_.subspan(header.total_size());
    return payload;
}

Result<std::uint64_t> Reader::uint(std::uint64_t max) {
    SOTTO_TRY(const auto bytes, string());
    if (bytes.size() > 8) return fail(Errc::malformed, "RLP integer out of range");
    if (!bytes.empty() && bytes[0] == 0) return fail(Errc::malformed, "RLP integer with a leading zero");
    std::uint64_t value = 0;
    for (const Byte b : bytes) value = value << 8 | b;
    if (value > max) return fail(Errc::malformed, "RLP integer out of range");
    return value;
}

Result<bool> Reader::boolean() {
    SOTTO_TRY(const auto value, uint(1));
    return value == 1;
}

Result<Reader> Reader::list() {
    SOTTO_TRY(const auto header, next(true));
    const Reader inside(rest_.subspan(header.header_size, header.payload_size));
    rest_ = rest_.subspan(header.total_size());
    return inside;
}

Result<BytesView> Reader::raw() {
    SOTTO_TRY(const auto header, next(next_is_list()));
    const auto item = rest_.first(header.total_size());
    rest_ = rest_.subspan(header.total_size());
    return item;
}

Result<void> Reader::skip() {
    SOTTO_CHECK(raw());
    return {};
}

Result<void> Reader::expect_end() const {
    if (!rest_.empty()) return fail(Errc::malformed, "RLP with more items than expected");
    return {};
}

Result<Reader> decode_list(BytesView in, Tail tail) {
    Reader reader(in);
    SOTTO_TRY(const auto inside, reader.list());
    if (tail == Tail::refused) SOTTO_CHECK(reader.expect_end());
    return inside;
}

std::size_t header_size(std::size_t payload_size) noexcept {
    return payload_size < 56 ? 1 : 1 + bytes_of(payload_size);
}

void append_header(Bytes& out, bool list, std::size_t payload_size) {
    const Byte base = list ? 0xc0 : 0x80;
    if (payload_size < 56) {
        out.push_back(static_cast<Byte>(base + payload_size));
        return;
    }
    const auto count = bytes_of(payload_size);
    out.push_back(static_cast<Byte>(base + 55 + count));
    append_be(out, payload_size, count);
}

std::size_t encoded_size(BytesView string) noexcept {
    return string.size() == 1 && string[0] < 0x80 ? 1 : header_size(string.size()) + string.size();
}

Writer& Writer::string(BytesView bytes) {
    if (bytes.size() != 1 || bytes[0] >= 0x80) append_header(out_, false, bytes.size());
    append(out_, bytes);
    return *this;
}

Writer& Writer::uint(std::uint64_t value) {
    if (value > 0 && value < 0x80) {
        out_.push_back(static_cast<Byte>(value));
        return *this;
    }
    const auto count = bytes_of(value);
    append_header(out_, false, count);
    append_be(out_, value, count);
    return *this;
}

Writer& Writer::raw(BytesView item) {
    append(out_, item);
    return *this;
}

std::size_t Writer::begin_list() {
    return out_.size();
}

Writer& Writer::end_list(std::size_t mark) {
    Bytes header;
    append_header(header, true, out_.size() - mark);
    out_.insert(out_.begin() + static_cast<std::ptrdiff_t>(mark), header.begin(), header.end());
    return *this;
}

Bytes encode_string(BytesView bytes) {
    Bytes out;
    Writer(out).string(bytes);
    return out;
}

Bytes encode_uint(std::uint64_t value) {
    Bytes out;
    Writer(out).uint(value);
    return out;
}

}  // namespace sotto::rlp
