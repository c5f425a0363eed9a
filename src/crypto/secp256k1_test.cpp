// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "crypto/secp256k1.hpp"

#include <gtest/gtest.h>
#include <openssl/bn.h>

#include "crypto/hash.hpp"
#include "crypto/libraries.hpp"
#include "crypto/vectors_testing.hpp"

namespace sotto::crypto::secp256k1 {
namespace {

using testing::hex;
using testing::hex_array;

constexpr std::string_view kOrder = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
constexpr std::string_view kPrime = "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f";
constexpr std::string_view kGeneratorX = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
constexpr std::string_view kGeneratorY = "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8";

Secret secret_of(std::uint64_t value) {
    Secret secret{};
    store_be(value, BytesSpan(secret).last(8));
    return secret;
}
std::string joined(std::initializer_list<std::string_view> parts) {
    std::string out;
    for (const auto part : parts) out += part;
    return out;
}
bool is_point(std::string_view encoded) {
    const auto point = parse_point(hex(encoded));
    if (!point) EXPECT_EQ(point.error(), Errc::malformed);
    return point.has_value();
}
/// The other S of a signature that verifies too: order - S, 33 bytes with a zero in front.
ByteArray<33> other_s(BytesView s) {
    const libraries::Owned<bignum_st> low(BN_bin2bn(s.data(), static_cast<int>(s.size()), nullptr));
    const libraries::Owned<bignum_st> high(BN_bin2bn(hex(kOrder).data(), 32, nullptr));
    EXPECT_EQ(BN_sub(high.get(), high.get(), low.get()), 1);
    ByteArray<33> out;
    EXPECT_EQ(BN_bn2binpad(high.get(), out.data(), 33), 33);
    return out;
}

TEST(Secp256k1, KnowsValidSecrets) {
    EXPECT_TRUE(valid_secret(secret_of(1)));
    EXPECT_FALSE(valid_secret(secret_of(0)));
    EXPECT_FALSE(valid_secret(hex(kOrder)));
    auto largest = hex(kOrder);
    --largest[31];
    EXPECT_TRUE(valid_secret(largest));
    EXPECT_FALSE(valid_secret({}));
    EXPECT_FALSE(valid_secret(Bytes(31, 1)));
    EXPECT_FALSE(valid_secret(Bytes(33, 1)));
}

TEST(Secp256k1, ReadsEveryFormOfAPoint) {
    const auto generator = public_key(secret_of(1));
    EXPECT_EQ(to_hex(generator), joined({kGeneratorX, kGeneratorY}));
    EXPECT_EQ(to_hex(compress(generator)), joined({"02", kGeneratorX}));
    EXPECT_EQ(to_hex(uncompressed(generator)), joined({"04", kGeneratorX, kGeneratorY}));
    EXPECT_EQ(parse_point(generator).value(), generator);
    EXPECT_EQ(parse_point(compress(generator)).value(), generator);
    EXPECT_EQ(parse_point(uncompressed(generator)).value(), generator);
    for (std::uint64_t value = 2; value < 50; ++value) {
        const auto point = public_key(secret_of(value));
        EXPECT_EQ(parse_point(compress(point)).value(), point) << value;
    }
}

TEST(Secp256k1, RefusesWhatIsNoPoint) {
    const std::string zeros(64, '0');
    const std::string five = std::string(63, '0') + "5";
    EXPECT_FALSE(is_point(joined({"02", five}))) << "no point has x = 5";
    EXPECT_FALSE(is_point(joined({"02", zeros}))) << "nor x = 0";
    EXPECT_FALSE(is_point(joined({"02", kPrime}))) << "a coordinate is below the prime";
    EXPECT_FALSE(is_point(joined({"04", kGeneratorX, kGeneratorX}))) << "off the curve";
    EXPECT_FALSE(is_point(joined({kGeneratorX, kGeneratorX})));
    EXPECT_FALSE(is_point(joined({zeros, zeros}))) << "the point at infinity";
    EXPECT_FALSE(is_point(joined({"06", kGeneratorX, kGeneratorY}))) << "the hybrid form";
    EXPECT_FALSE(is_point(joined({"07", kGeneratorX, kGeneratorY})));
    EXPECT_FALSE(is_point(joined({"05", kGeneratorX})));
    EXPECT_FALSE(is_point(joined({"04", kGeneratorX})));
    EXPECT_FALSE(is_point("00"));
    EXPECT_FALSE(is_point(""));
    // x = 1 is on the curve, so x = 1 + p would be too, were it reduced.
    auto above = hex(joined({"02", kPrime}));
    above[32] += 1;
    EXPECT_TRUE(is_point(joined({"02", std::string(63, '0'), "1"})));
    EXPECT_FALSE(parse_point(above).has_value());
}

TEST(Secp256k1, AgreesOnASecretWithLeadingZeros) {
    const auto a = hex_array<32>("49a7b37aa6f6645917e7b807e9d1c00d4fa71f18343b0d4122a4d2df64dd6fee");
    const auto b = secret_of(0x6dbb);
    EXPECT_EQ(to_hex(ecdh(a, public_key(b)).value()),
              "0000b26c80359e7de439e263a4c3c345b4d1014c9920f83382c75867e0a190de");
    EXPECT_EQ(ecdh(b, public_key(a)).value(), ecdh(a, public_key(b)).value());
}

TEST(Secp256k1, AgreesOnNothingWithABadPoint) {
    EXPECT_EQ(ecdh(secret_of(1), hex_array<64>(joined({kGeneratorX, kGeneratorX}))).error(), Errc::malformed);
    EXPECT_EQ(ecdh(secret_of(1), Point{}).error(), Errc::malformed);
    EXPECT_EQ(ecdh(secret_of(0), public_key(secret_of(1))).error(), Errc::invalid_argument);
}

TEST(Secp256k1, SignsByRfc6979) {
    const auto signature = sign_recoverable(secret_of(1), sha256(view_of("Satoshi Nakamoto")));
    EXPECT_EQ(to_hex(BytesView(signature).first(64)),
              "934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8"
              "2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5");
    EXPECT_LE(signature[64], 1);
    EXPECT_EQ(recover(signature, sha256(view_of("Satoshi Nakamoto"))).value(), public_key(secret_of(1)));
    EXPECT_NE(recover(signature, sha256(view_of("Satoshi"))).value(), public_key(secret_of(1)));
}

/// ethereum/tests BasicTests/keyaddrtest.json. Its signatures are of no known message: Nethermind leaves them out too.
TEST(Secp256k1, HasTheAddressesOfEthereum) {
    const auto vectors = testing::read_vectors("keccak/keyaddrtest.json");
    for (const std::string index : {"0.", "1."}) {
        const auto secret = keccak256(view_of(vectors.at(index + "seed")));
        EXPECT_EQ(to_hex(secret), vectors.at(index + "key"));
        EXPECT_EQ(to_hex(BytesView(keccak256(public_key(secret))).last(20)), vectors.at(index + "addr"));
    }
}

/// EIP-8: discovery packets are hash | signature | signed bytes, all by the key of item 1.
TEST(Secp256k1, RecoversTheKeyOfDiscoveryPackets) {
    const auto vectors = testing::read_vectors("eth/eip8.json");
    const auto key = public_key(hex_array<32>(vectors.at("1.hex")));
    for (const std::string index : {"2", "3", "4", "5", "6"}) {
        const auto packet = hex(vectors.at(index + ".hex"));
        const BytesView view(packet);
        EXPECT_EQ(to_hex(keccak256(view.subspan(32))), to_hex(view.first(32)));
        EXPECT_EQ(recover(view.subspan(32, 65), keccak256(view.subspan(97))).value(), key) << index;
    }
}

TEST(Secp256k1, RecoversFromEitherS) {
    const auto digest = sha256(view_of("message"));
    auto signature = sign_recoverable(secret_of(7), digest);
    const auto high = other_s(BytesView(signature).subspan(32, 32));
    ASSERT_GE(high[1], 0x80) << "signing gives the low one";
    std::ranges::copy(BytesView(high).subspan(1), signature.begin() + 32);
    EXPECT_NE(recover(signature, digest).value(), public_key(secret_of(7)));
    signature[64] ^= 1;
    EXPECT_EQ(recover(signature, digest).value(), public_key(secret_of(7)));
}

TEST(Secp256k1, RefusesSignaturesThatNobodyMakes) {
    const auto digest = sha256(view_of("message"));
    const auto good = to_bytes(sign_recoverable(secret_of(7), digest));
    for (std::size_t size = 0; size < good.size(); ++size) {
        EXPECT_EQ(recover(BytesView(good).first(size), digest).error(), Errc::malformed);
    }
    auto bad = good;
    bad[64] = 4;
    EXPECT_EQ(recover(bad, digest).error(), Errc::malformed);
    bad[64] = 27;
    EXPECT_EQ(recover(bad, digest).error(), Errc::malformed);
    bad = good;
    std::ranges::copy(hex(kOrder), bad.begin());
    EXPECT_EQ(recover(bad, digest).error(), Errc::malformed) << "R is not below the order";
    EXPECT_FALSE(recover(Bytes(65), digest).has_value()) << "R and S are zero";
    bad = good;
    bad[64] = 2;  // R + order would be above the prime.
    EXPECT_EQ(recover(bad, digest).error(), Errc::unauthentic);
}

TEST(Secp256k1, VerifiesDerWithEitherS) {
    const auto digest = sha256(view_of("message"));
    const auto key = public_key(secret_of(7));
    const auto der = sign_der(secret_of(7), digest);
    EXPECT_TRUE(verify_der(key, digest, der));
    EXPECT_FALSE(verify_der(key, sha256(view_of("other")), der));
    EXPECT_FALSE(verify_der(public_key(secret_of(8)), digest, der));
    EXPECT_FALSE(verify_der(Point{}, digest, der));

    // 30 size 02 size R 02 20 S: the other S has its top bit set and needs a zero in front.
    const std::size_t s_at = 4 + std::size_t{der[3]} + 2;
    ASSERT_EQ(der[s_at - 1], 32) << "the low S of this key and message has 32 bytes";
    const auto high = other_s(BytesView(der).subspan(s_at));
    ASSERT_GE(high[1], 0x80);
    Bytes other = to_bytes(BytesView(der).first(s_at));
    append(other, high);
    other[s_at - 1] += 1;
    other[1] += 1;
    EXPECT_TRUE(verify_der(key, digest, other));
    EXPECT_FALSE(verify_der(key, sha256(view_of("other")), other));
}

TEST(Secp256k1, RefusesBrokenDer) {
    const auto digest = sha256(view_of("message"));
    const auto key = public_key(secret_of(7));
    const auto der = sign_der(secret_of(7), digest);
    for (std::size_t size = 0; size < der.size(); ++size) {
        EXPECT_FALSE(verify_der(key, digest, BytesView(der).first(size)));
    }
    for (std::size_t i = 0; i < der.size(); ++i) {
        auto changed = der;
        changed[i] ^= 0x01;
        EXPECT_FALSE(verify_der(key, digest, changed)) << i;
    }
    auto longer = der;
    longer.push_back(0);
    EXPECT_FALSE(verify_der(key, digest, longer));
    EXPECT_FALSE(verify_der(key, digest, {}));
}

}  // namespace
}  // namespace sotto::crypto::secp256k1
