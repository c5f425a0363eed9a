// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "crypto/hash.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "crypto/vectors_testing.hpp"

namespace sotto::crypto {
namespace {

using testing::counting_bytes;
using testing::hex;

TEST(Sha256, MatchesFips180) {
    EXPECT_EQ(to_hex(sha256(view_of("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(to_hex(sha256(BytesView{})), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    const BytesView parts[] = {view_of("a"), {}, view_of("bc")};
    EXPECT_EQ(sha256(Buffers(parts)), sha256(view_of("abc")));
}

TEST(Sha256, WorksOnEveryThread) {
    Hash256 digest{};
    std::thread other([&] { digest = sha256(view_of("abc")); });
    other.join();
    EXPECT_EQ(digest, sha256(view_of("abc")));
}

TEST(Hmac, MatchesRfc4231) {
    const Bytes key20(20, 0x0b);
    EXPECT_EQ(to_hex(hmac_sha256(key20, view_of("Hi There"))),
              "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    EXPECT_EQ(to_hex(hmac_sha256(view_of("Jefe"), view_of("what do ya want for nothing?"))),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_EQ(to_hex(hmac_sha256(Bytes(20, 0xaa), Bytes(50, 0xdd))),
              "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
    EXPECT_EQ(to_hex(hmac_sha256(counting_bytes(25, 1), Bytes(50, 0xcd))),
              "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b");
    const Bytes long_key(131, 0xaa);
    EXPECT_EQ(to_hex(hmac_sha256(long_key, view_of("Test Using Larger Than Block-Size Key - Hash Key First"))),
              "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    EXPECT_EQ(to_hex(hmac_sha256(long_key,
                                 view_of("This is a test using a larger than block-size key and a larger than "
                                         "block-size data. The key needs to be hashed before being used by the HMAC "
                                         "algorithm."))),
              "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
}

TEST(Hmac, TakesAnEmptyKeyAndMessage) {
    EXPECT_EQ(to_hex(hmac_sha256({}, BytesView{})), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(Hmac, GathersPieces) {
    const BytesView parts[] = {view_of("what do ya "), {}, view_of("want for nothing?")};
    EXPECT_EQ(hmac_sha256(view_of("Jefe"), Buffers(parts)),
              hmac_sha256(view_of("Jefe"), view_of("what do ya want for nothing?")));
}

TEST(Hkdf, MatchesRfc5869) {
    EXPECT_EQ(to_hex(hkdf_sha256(counting_bytes(13), Bytes(22, 0x0b), counting_bytes(10, 0xf0), 42)),
              "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
    EXPECT_EQ(
        to_hex(hkdf_sha256(counting_bytes(80, 0x60), counting_bytes(80), counting_bytes(80, 0xb0), 82)),
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09"
        "b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87");
    EXPECT_EQ(to_hex(hkdf_sha256({}, Bytes(22, 0x0b), {}, 42)),
              "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

TEST(Hkdf, GivesAsManyBytesAsAllowed) {
    const auto most = hkdf_sha256({}, view_of("key"), {}, 255 * 32);
    EXPECT_EQ(most.size(), 8160u);
    EXPECT_EQ(to_hex(BytesView(most).first(64)), to_hex(hkdf_sha256({}, view_of("key"), {}, 64)));
    EXPECT_TRUE(hkdf_sha256({}, view_of("key"), {}, 0).empty());
}

TEST(Pbkdf2, MatchesRfc7914) {
    EXPECT_EQ(to_hex(pbkdf2_sha256(view_of("passwd"), view_of("salt"), 1, 64)),
              "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
              "49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783");
}

/// The key of the mail servers of Status, as their own code derives it.
TEST(Pbkdf2, DerivesTheMailServerKey) {
    EXPECT_EQ(to_hex(pbkdf2_sha256(view_of("status-offline-inbox"), {}, 65356, 32)),
              "765df27c0765526f920ba742ff4b9452bb0064e016435ffccd81186aa6feaae8");
}

TEST(Secrets, CompareAndVanish) {
    EXPECT_TRUE(equal_constant_time({}, {}));
    EXPECT_TRUE(equal_constant_time(view_of("abc"), view_of("abc")));
    EXPECT_FALSE(equal_constant_time(view_of("abc"), view_of("abd")));
    EXPECT_FALSE(equal_constant_time(view_of("abc"), view_of("ab")));
    auto secret = counting_bytes(40, 1);
    wipe(secret);
    EXPECT_EQ(secret, Bytes(40));
    wipe({});
}

}  // namespace
}  // namespace sotto::crypto
