// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "base/fuzz.hpp"
#include "crypto/ecies.hpp"

namespace sotto::crypto {
namespace {

/// Static Key B of EIP-8, to which the packets of the corpus are sealed.
constexpr secp256k1::Secret kSecret{0xb7, 0x1c, 0x71, 0xa6, 0x7e, 0x11, 0x77, 0xad, 0x4e, 0x90, 0x16,
                                    0x95, 0xe1, 0xb4, 0xb9, 0xee, 0x17, 0xae, 0x16, 0xc6, 0x66, 0x8d,
                                    0x31, 0x3e, 0xac, 0x2f, 0x96, 0xdb, 0xcd, 0xa3, 0xf2, 0x91};

void check(BytesView sealed, BytesView mac_data) {
    const auto opened = ecies::decrypt(kSecret, sealed, mac_data);
    if (opened) {
        SOTTO_FUZZ_CHECK(opened->size() + ecies::kOverhead == sealed.size());
    } else {
        SOTTO_FUZZ_CHECK(opened.error() == Errc::unauthentic);
    }
}

/// A fuzzer makes no tag that fits: what it wrote is sealed for it, opened, and refused once a bit is changed.
void check_sealed(BytesView plain) {
    const auto sealed = ecies::encrypt(secp256k1::public_key(kSecret), plain, {}, kSecret, {});
    SOTTO_FUZZ_CHECK(sealed && ecies::decrypt(kSecret, *sealed, {}) == to_bytes(plain));
    auto changed = *sealed;
    changed[plain.empty() ? 0 : plain[0] % changed.size()] ^= 0x01;
    SOTTO_FUZZ_CHECK(!ecies::decrypt(kSecret, changed, {}));
}

}  // namespace
}  // namespace sotto::crypto

/// A sealed message, as Whisper carries it and as an RLPx handshake with its size in front.
SOTTO_FUZZ(ecies_open) {
    using namespace sotto::crypto;
    check(input, {});
    if (input.size() >= 2) check(input.subspan(2), input.first(2));
    check_sealed(input);
}
