// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "codec/protobuf.hpp"

#include "codec/varint.hpp"

namespace sotto::protobuf {
namespace {

constexpr std::uint64_t kMaxFieldNumber = (1u << 29) - 1;

/// Protobuf encoders may pad varints: unlike multiformats' they need not be minimal.
Result<std::uint64_t> read_varint(BytesView& in) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < in.size() && i < varint::kMaxSize; ++i) {
        const Byte b = in[i];
        if (i == varint::kMaxSize - 1 && b > 1) break;
        value |= std::uint64_t{b & 0x7fu} << (7 * i);
        if (b >= 0x80) continue;
        in = in.subspan(i + 1);
        return value;
    }
    return fail(Errc::malformed, "protobuf: a number is cut or too long");
}

Result<std::uint64_t> read_fixed(BytesView& in, std::size_t size) {
    if (in.size() < size) return fail(Errc::malformed, "protobuf: a fixed number is cut");
    std::uint64_t value = 0;
    for (std::size_t i = size; i-- > 0;) value = value << 8 | in[i];
    in = in.subspan(size);
    return value;
}

}  // namespace

Result<std::optional<Field>> Reader::next() {
    if (rest_.empty()) return std::optional<Field>();
    if (fields_left_ == 0) return fail(Errc::malformed, "protobuf: too many fields");
    --fields_left_;
    SOTTO_TRY(const auto tag, read_varint(rest_));
    const auto number = tag >> 3;
    if (number == 0 || number > kMaxFieldNumber) return fail(Errc::malformed, "protobuf: field number out of range");
    Field field;
    field.number = static_cast<std::uint32_t>(number);
    field.wire = static_cast<Wire>(tag & 7);
    switch (field.wire) {
        case Wire::varint:
        case Wire::bytes: {
            SOTTO_TRY(field.value, read_varint(rest_));
            break;
        }
        case Wire::fixed64: {
            SOTTO_TRY(field.value, read_fixed(rest_, 8));
            break;
        }
        case Wire::fixed32: {
            SOTTO_TRY(field.value, read_fixed(rest_, 4));
            break;
        }
        default:
            return fail(Errc::malformed, "protobuf: unknown wire type");
    }
    if (field.wire != Wire::bytes) return field;
    const auto size = std::exchange(field.value, 0);
    if (size > rest_.size()) return fail(Errc::malformed, "protobuf: a byte string is cut");
    field.bytes = rest_.first(static_cast<std::size_t>(size));
    rest_ = rest_.subspan(field.bytes.size());
    return field;
}

Writer& Writer::uint(std::uint32_t number, std::uint64_t value) {
    varint::append(out_, std::uint64_t{number} << 3);
    varint::append(out_, value);
    return *this;
}

Writer& Writer::bytes(std::uint32_t number, BytesView value) {
    varint::append(out_, std::uint64_t{number} << 3 | 2);
    varint::append(out_, value.size());
    append(out_, value);
    return *this;
}

}  // namespace sotto::protobuf
