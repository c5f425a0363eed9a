// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "base/fuzz.hpp"
#include "codec/rlp_testing.hpp"

using namespace sotto;

SOTTO_FUZZ(rlp) {
    if (const auto tokens = rlp::testing::decode_tokens(input)) {
        const auto again = rlp::testing::encode_tokens(*tokens);
        SOTTO_FUZZ_CHECK(equal(again, input));
    }
    rlp::Reader reader(input);
    while (!reader.empty()) {
        const auto before = reader.rest();
        auto numbers = reader;
        if (const auto value = numbers.uint()) {
            const auto encoded = rlp::encode_uint(*value);
            SOTTO_FUZZ_CHECK(equal(encoded, before.first(encoded.size())));
        }
        const auto item = reader.raw();
        if (!item) break;
        SOTTO_FUZZ_CHECK(item->data() == before.data() && item->size() + reader.rest().size() == before.size());
        const auto header = rlp::peek_header(before);
        SOTTO_FUZZ_CHECK(header && *header && (*header)->total_size() == item->size());
    }
}
