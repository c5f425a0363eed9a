// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "base/fuzz.hpp"
#include "codec/varint.hpp"

using namespace sotto;

SOTTO_FUZZ(varint) {
    if (const auto decoded = varint::decode(input); decoded && *decoded) {
        Bytes again;
        varint::append(again, (*decoded)->value);
        SOTTO_FUZZ_CHECK(again.size() == varint::encoded_size((*decoded)->value));
        SOTTO_FUZZ_CHECK(equal(again, input.first((*decoded)->size)));
    }
    auto rest = input;
    while (!rest.empty()) {
        const auto before = rest;
        const auto bytes = varint::read_bytes(rest, 1000);
        if (!bytes) break;
        SOTTO_FUZZ_CHECK(bytes->size() <= 1000 && rest.size() + bytes->size() < before.size());
        SOTTO_FUZZ_CHECK(bytes->data() + bytes->size() == rest.data());
    }
}
