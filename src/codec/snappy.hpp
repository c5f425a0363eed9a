// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include "base/bytes.hpp"

/// Snappy block format (google/snappy format_description.txt), as RLPx messages use it since p2p version 5.
namespace sotto::snappy {

Bytes compress(BytesView in);
/// Appends to `out`.
void compress_to(BytesView in, Bytes& out);
/// The declared size, checked against `max_size` before anything is allocated.
Result<std::size_t> decoded_size(BytesView in, std::size_t max_size);
Result<Bytes> decompress(BytesView in, std::size_t max_size);

}  // namespace sotto::snappy
