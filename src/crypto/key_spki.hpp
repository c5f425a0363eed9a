// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include "base/bytes.hpp"

/// SubjectPublicKeyInfo (RFC 5280) of the two kinds of keys that peers send so, parsed by hand: the decoder of
/// OpenSSL 3.0 takes longer than the signature check. Strict DER only, since the bytes are hashed into peer ids.
namespace sotto::crypto::spki {

/// Views into the DER.
struct RsaKey {
    BytesView modulus;   ///< without leading zeros; 2,048 to 8,192 bits
    BytesView exponent;  ///< odd, 3 to 2^31 - 1
};

Result<RsaKey> parse_rsa(BytesView der);
/// 0x04, X, Y of P-256. Whether it is on the curve is not checked.
Result<BytesView> parse_p256(BytesView der);

}  // namespace sotto::crypto::spki
