// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "base/fuzz.hpp"
#include "codec/protobuf.hpp"

using namespace sotto;

SOTTO_FUZZ(protobuf) {
    protobuf::Reader reader(input, 100);
    const auto* end = input.data();
    std::size_t count = 0;
    for (;;) {
        const auto field = reader.next();
        if (!field) return;
        if (!*field) break;
        SOTTO_FUZZ_CHECK(++count <= 100 && (*field)->number > 0);
        const auto bytes = (*field)->bytes;
        if ((*field)->wire == protobuf::Wire::bytes) {
            SOTTO_FUZZ_CHECK(bytes.data() >= end && bytes.data() + bytes.size() <= input.data() + input.size());
            end = bytes.data() + bytes.size();
        } else {
            SOTTO_FUZZ_CHECK(bytes.empty());
        }
        Bytes out;
        protobuf::Writer writer(out);
        (*field)->wire == protobuf::Wire::bytes ? writer.bytes((*field)->number, bytes)
                                                : writer.uint((*field)->number, (*field)->value);
        const auto again = protobuf::Reader(out).next();
        SOTTO_FUZZ_CHECK(again && *again && (*again)->number == (*field)->number);
        SOTTO_FUZZ_CHECK((*again)->value == (*field)->value && equal((*again)->bytes, bytes));
    }
    SOTTO_FUZZ_CHECK(reader.next() && !*reader.next());
}
