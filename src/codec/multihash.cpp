// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "codec/multihash.hpp"

#include "codec/varint.hpp"

namespace sotto::multihash {

Bytes encode(std::uint64_t code, BytesView digest) {
    Bytes out;
    varint::append(out, code);
    varint::append(out, digest.size());
    append(out, digest);
    return out;
}

Result<Multihash> decode(BytesView in) {
    Multihash hash;
    SOTTO_TRY(hash.code, varint::read(in));
    SOTTO_TRY(const auto digest, varint::read_bytes(in, 128));
    if (!in.empty()) return fail(Errc::malformed, "bytes behind a multihash");
    if (hash.code == kSha256 && digest.size() != 32)
        return fail(Errc::malformed, "a sha2-256 multihash of another size");
    hash.digest = to_bytes(digest);
    return hash;
}

}  // namespace sotto::multihash
