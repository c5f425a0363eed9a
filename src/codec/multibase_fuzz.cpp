// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "base/fuzz.hpp"
#include "codec/multibase.hpp"

using namespace sotto;
using multibase::Base;

SOTTO_FUZZ(multibase) {
    if (input.size() > 512) return;
    const auto text = text_of(input);
    const auto decoded = multibase::decode(text);
    bool found = false;
    for (const auto base : {Base::base16, Base::base32, Base::base36, Base::base58btc, Base::base64, Base::base64url}) {
        found = found || (decoded && multibase::encode(base, *decoded) == text);
        const auto back = multibase::decode(multibase::encode(base, input));
        SOTTO_FUZZ_CHECK(back && equal(*back, input));
    }
    SOTTO_FUZZ_CHECK(found == decoded.has_value());
}
