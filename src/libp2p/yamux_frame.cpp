// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "libp2p/yamux_frame.hpp"

namespace sotto::libp2p::yamux {

void append_header(Bytes& out, const Header& header) {
    ByteArray<kHeaderSize> bytes;
    bytes[0] = 0;
    bytes[1] = static_cast<Byte>(header.type);
    store_be(header.flags, BytesSpan(bytes).subspan(2, 2));
    store_be(header.stream, BytesSpan(bytes).subspan(4, 4));
    store_be(header.length, BytesSpan(bytes).subspan(8, 4));
    append(out, bytes);
}

Result<Header> decode_header(BytesView bytes) {
    if (bytes[0] != 0) return fail(Errc::malformed, "yamux: unknown version");
    if (bytes[1] > static_cast<Byte>(Type::go_away)) return fail(Errc::malformed, "yamux: unknown frame type");
    Header header;
    header.type = static_cast<Type>(bytes[1]);
    header.flags = load_be<std::uint16_t>(bytes.subspan(2, 2));
    header.stream = load_be<std::uint32_t>(bytes.subspan(4, 4));
    header.length = load_be<std::uint32_t>(bytes.subspan(8, 4));
    if (header.flags > (kSyn | kAck | kFin | kRst)) return fail(Errc::malformed, "yamux: unknown flag");
    return header;
}

}  // namespace sotto::libp2p::yamux
