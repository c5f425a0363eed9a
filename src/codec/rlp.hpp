// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <optional>

#include "base/bytes.hpp"

/// RLP (Ethereum Yellow Paper, appendix B), canonical form only: minimal lengths, no single byte below 0x80 in a long
/// form.
namespace sotto::rlp {

/// The header of one item: how long it is and of which kind.
struct Header {
    bool list = false;
    std::size_t header_size = 0;   ///< 0 (a single byte that is its own item) to 9
    std::size_t payload_size = 0;  ///< bytes behind the header
    std::size_t total_size() const noexcept { return header_size + payload_size; }
};

/// Reads a header from the start of `in`. The payload need not be there: nullopt means that more bytes of the header
/// are needed. For stream readers, which check the size before they read the body.
Result<std::optional<Header>> peek_header(BytesView in);

/// Walks over the items of one list or of a bare sequence. Views point into the input. All failures are
/// Errc::malformed.
class Reader {
  public:
    Reader() = default;
    explicit Reader(BytesView items) noexcept : rest_(items) {}

    bool empty() const noexcept { return rest_.empty(); }
    BytesView rest() const noexcept { return rest_; }
    /// The next item is a list (false when empty).
    bool next_is_list() const noexcept { return !rest_.empty() && rest_[0] >= 0xc0; }

    Result<BytesView> string();
    /// A string of exactly N bytes.
    template <std::size_t N>
    Result<ByteArray<N>> fixed() {
        SOTTO_TRY(const BytesView bytes, string());
        if (bytes.size() != N) return fail(Errc::malformed, "RLP string of another size");
        return first_bytes<N>(bytes);
    }
    /// An unsigned integer in minimal big-endian form, at most `max`.
    Result<std::uint64_t> uint(std::uint64_t max = ~std::uint64_t{0});
    /// 0 or 1.
    Result<bool> boolean();
    Result<Reader> list();
    /// The next item whole, header included, whatever its kind (its inside is not checked).
    Result<BytesView> raw();
    Result<void> skip();
    /// Fails unless all is read: for decoders that tolerate no extra fields.
    Result<void> expect_end() const;

  private:
    Result<Header> next(bool list);
    BytesView rest_;
};

/// One item that fills `in` exactly, or with bytes behind it (EIP-8 padding) where `tail` is allowed.
enum class Tail : std::uint8_t { refused, ignored };
Result<Reader> decode_list(BytesView in, Tail tail = Tail::refused);

/// Appends items to a buffer. A list is opened and closed in place.
class Writer {
  public:
    explicit Writer(Bytes& out) noexcept : out_(out) {}
    Writer& string(BytesView bytes);
    Writer& string(std::string_view text) { return string(view_of(text)); }
    Writer& uint(std::uint64_t value);
    Writer& boolean(bool value) { return uint(value ? 1 : 0); }
    /// An item that is encoded already.
    Writer& raw(BytesView item);
    /// Between begin_list and the end_list that takes its mark, what is written goes inside. Lists may nest.
    std::size_t begin_list();
    Writer& end_list(std::size_t mark);

  private:
    Bytes& out_;
};

/// Size of the header that a payload needs, and the header itself.
std::size_t header_size(std::size_t payload_size) noexcept;
void append_header(Bytes& out, bool list, std::size_t payload_size);
std::size_t encoded_size(BytesView string) noexcept;
Bytes encode_string(BytesView bytes);
Bytes encode_uint(std::uint64_t value);

}  // namespace sotto::rlp
