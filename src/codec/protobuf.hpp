// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <optional>

#include "base/bytes.hpp"

/// Protocol Buffers wire format: a reader that walks over the fields and a deterministic writer (signatures need that).
/// Groups (wire types 3 and 4) are refused; unknown fields are skipped without recursion.
namespace sotto::protobuf {

enum class Wire : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

struct Field {
    std::uint32_t number = 0;
    Wire wire = Wire::varint;
    std::uint64_t value = 0;  ///< of varint, fixed64 and fixed32
    BytesView bytes;          ///< of bytes; points into the input
};

class Reader {
  public:
    /// More than `max_fields` fields are malformed: a small frame must not hold millions of empty elements.
    explicit Reader(BytesView in, std::size_t max_fields = 4096) noexcept : rest_(in), fields_left_(max_fields) {}
    /// The next field; nullopt at the end.
    Result<std::optional<Field>> next();

  private:
    BytesView rest_;
    std::size_t fields_left_;
};

/// Writes fields in the order of the calls. Presence is explicit: zero values are written when asked (proto2 and
/// `optional`), so callers leave out what proto3 would.
class Writer {
  public:
    explicit Writer(Bytes& out) noexcept : out_(out) {}
    Writer& uint(std::uint32_t number, std::uint64_t value);
    Writer& bytes(std::uint32_t number, BytesView value);
    Writer& text(std::uint32_t number, std::string_view value) { return bytes(number, view_of(value)); }

  private:
    Bytes& out_;
};

}  // namespace sotto::protobuf
