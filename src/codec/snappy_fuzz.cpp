// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "base/fuzz.hpp"
#include "codec/snappy.hpp"

using namespace sotto;

SOTTO_FUZZ(snappy) {
    constexpr std::size_t kLimit = std::size_t{1} << 20;
    const auto declared = snappy::decoded_size(input, kLimit);
    if (const auto bytes = snappy::decompress(input, kLimit)) {
        SOTTO_FUZZ_CHECK(declared && bytes->size() == *declared);
        const auto again = snappy::decompress(snappy::compress(*bytes), bytes->size());
        SOTTO_FUZZ_CHECK(again && *again == *bytes);
    }
    const auto back = snappy::decompress(snappy::compress(input), input.size());
    SOTTO_FUZZ_CHECK(back && equal(*back, input));
}
