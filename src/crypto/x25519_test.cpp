// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "crypto/x25519.hpp"

#include <gtest/gtest.h>

#include "crypto/vectors_testing.hpp"

namespace sotto::crypto {
namespace {

using testing::hex_array;

const auto kAlice = hex_array<32>("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
const auto kBob = hex_array<32>("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");

TEST(X25519, MatchesRfc7748) {
    EXPECT_EQ(to_hex(x25519(hex_array<32>("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"),
                            hex_array<32>("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c"))
                         .value()),
              "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
    const auto alice = x25519_keypair(kAlice);
    const auto bob = x25519_keypair(kBob);
    EXPECT_EQ(to_hex(alice.public_key), "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
    EXPECT_EQ(to_hex(bob.public_key), "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
    EXPECT_EQ(to_hex(x25519(alice.secret, bob.public_key).value()),
              "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
    EXPECT_EQ(x25519(bob.secret, alice.public_key).value(), x25519(alice.secret, bob.public_key).value());
}

TEST(X25519, RefusesPointsOfLowOrder) {
    for (const auto* point : {
             "0000000000000000000000000000000000000000000000000000000000000000",
             "0100000000000000000000000000000000000000000000000000000000000000",
             "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
             "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
             "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
             "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
             "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
             "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
         }) {
        const auto shared = x25519(kAlice, hex_array<32>(point));
        ASSERT_FALSE(shared.has_value()) << point;
        EXPECT_EQ(shared.error(), Errc::unauthentic);
    }
}

}  // namespace
}  // namespace sotto::crypto
