// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "codec/snappy.hpp"

#include <snappy.h>

namespace sotto::snappy {

void compress_to(BytesView in, Bytes& out) {
    const auto start = out.size();
    out.resize(start + ::snappy::MaxCompressedLength(in.size()));
    std::size_t size = 0;
    ::snappy::RawCompress(text_of(in).data(), in.size(), reinterpret_cast<char*>(out.data() + start), &size);
    out.resize(start + size);
}

Bytes compress(BytesView in) {
    Bytes out;
    compress_to(in, out);
    return out;
}

Result<std::size_t> decoded_size(BytesView in, std::size_t max_size) {
    std::size_t size = 0;
    if (!::snappy::GetUncompressedLength(text_of(in).data(), in.size(), &size)) {
        return fail(Errc::malformed, "snappy: no length");
    }
    if (size > max_size) return fail(Errc::too_large, "snappy: the declared size is above the limit");
    return size;
}

Result<Bytes> decompress(BytesView in, std::size_t max_size) {
    SOTTO_TRY(const auto size, decoded_size(in, max_size));
    // Three bytes of input make at most 64 of output (a long copy), so a size that the input cannot reach is a lie,
    // told before memory is taken for it.
    if (size / 22 > in.size()) return fail(Errc::malformed, "snappy: the declared size cannot be reached");
    Bytes out(size);
    if (!::snappy::RawUncompress(text_of(in).data(), in.size(), reinterpret_cast<char*>(out.data()))) {
        return fail(Errc::malformed, "snappy: damaged");
    }
    return out;
}

}  // namespace sotto::snappy
