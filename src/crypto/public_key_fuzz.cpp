// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "base/fuzz.hpp"
#include "crypto/keys.hpp"

namespace sotto::crypto {
namespace {

void check_key(BytesView input) {
    const auto key = PublicKey::decode(input);
    if (!key) return;
    const auto encoded = key->encode();
    const auto again = PublicKey::decode(encoded);
    SOTTO_FUZZ_CHECK(again && *again == *key);
    SOTTO_FUZZ_CHECK(encoded.size() <= input.size());
    SOTTO_FUZZ_CHECK(!key->verify(view_of("message"), input.first(std::min<std::size_t>(input.size(), 512))));
    const auto id = PeerId(*key);
    SOTTO_FUZZ_CHECK(PeerId::decode(id.bytes()) == id);
    SOTTO_FUZZ_CHECK(PeerId::parse(id.to_string()) == id);
    const auto inside = id.public_key();
    SOTTO_FUZZ_CHECK(inside ? *inside == *key : encoded.size() > 42);
}

void check_id(const Result<PeerId>& id) {
    if (!id) return;
    SOTTO_FUZZ_CHECK(PeerId::parse(id->to_string()) == *id);
    const auto key = id->public_key();
    SOTTO_FUZZ_CHECK(!key || PeerId(*key) == *id);
}

}  // namespace
}  // namespace sotto::crypto

/// A PublicKey protobuf, a binary peer id or the text of one, and a PrivateKey protobuf.
SOTTO_FUZZ(public_key) {
    using namespace sotto::crypto;
    check_key(input);
    check_id(PeerId::decode(input));
    check_id(PeerId::parse(sotto::text_of(input)));
    if (const auto key = PrivateKey::decode(input)) {
        const auto again = PrivateKey::decode(key->encode());
        SOTTO_FUZZ_CHECK(again && again->public_key() == key->public_key());
        SOTTO_FUZZ_CHECK(key->public_key().verify(input, key->sign(input)));
    }
}
