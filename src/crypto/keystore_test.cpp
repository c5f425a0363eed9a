// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "crypto/keystore.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <iterator>

#include "crypto/vectors_testing.hpp"

namespace sotto::crypto::keystore {
namespace {

namespace json = boost::json;
using testing::hex;
using testing::hex_array;

/// For tests that are not about the strength of the KDF: 4 ms.
constexpr Scrypt kQuick{.n = kMinScryptN, .r = 1, .p = 1};

json::object vector(std::string_view name) {
    std::ifstream in(std::string(SOTTO_VECTORS) + "/eth/keystore.json");
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    return json::parse(text).at(name).as_object();
}

PrivateKey some_key() {
    return PrivateKey::make(KeyType::secp256k1, hex("7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d"))
        .value();
}

KeyFile sealed(std::string_view passphrase = "secret") {
    return seal(some_key(), view_of(passphrase), kQuick, ByteArray<kRandomBytes>{1, 2, 3}).value();
}

/// The published scrypt vector with one thing changed, as text.
template <class Change>
std::string changed(Change change, std::string_view name = "scrypt") {
    auto root = vector(name).at("json").as_object();
    change(root, root.at("crypto").as_object());
    return json::serialize(root);
}

TEST(Keystore, OpensThePublishedVectors) {
    for (const auto* name : {"scrypt", "pbkdf2"}) {
        const auto known = vector(name);
        const auto file = parse(json::serialize(known.at("json")));
        ASSERT_TRUE(file) << name << ": " << file.error().message();
        const auto key = open(*file, view_of(std::string_view(known.at("password").as_string())));
        ASSERT_TRUE(key) << name << ": " << key.error().message();
        EXPECT_EQ(to_hex(key->secret()), std::string(known.at("secret").as_string())) << name;
        EXPECT_EQ(open(*file, view_of("testpassworD")).error(), Errc::unauthentic) << name;
    }
}

TEST(Keystore, OpensWhatItSealsAndWritesWhatItReads) {
    const auto file = sealed();
    const auto text = serialize(file);
    const auto back = parse(text);
    ASSERT_TRUE(back) << back.error().message();
    EXPECT_EQ(*back, file);
    EXPECT_EQ(open(*back, view_of("secret")).value().public_key(), some_key().public_key());
    EXPECT_EQ(text.back(), '\n');
    EXPECT_EQ(text.find(to_hex(some_key().secret())), std::string::npos);
    EXPECT_EQ(to_hex(*file.address), "008aeeda4d805471df9b2a5b0f38a0c3bcba786b");
}

TEST(Keystore, SealsAsGethDoesUnderAVersion4Uuid) {
    const auto root = json::parse(serialize(sealed())).as_object();
    const auto& crypto = root.at("crypto").as_object();
    EXPECT_EQ(root.at("version"), 3);
    EXPECT_EQ(crypto.at("cipher"), "aes-128-ctr");
    EXPECT_EQ(crypto.at("kdf"), "scrypt");
    EXPECT_EQ(crypto.at("kdfparams").at("dklen"), 32);
    const std::string id(root.at("id").as_string());
    ASSERT_EQ(id.size(), 36u);
    EXPECT_EQ(id[14], '4');
    EXPECT_NE(std::string_view("89ab").find(id[19]), std::string_view::npos);
}

TEST(Keystore, StandardAndLightAreWhatGethUses) {
    EXPECT_EQ(kStandardKdf, (Scrypt{.n = 262'144, .r = 8, .p = 1}));
    EXPECT_EQ(kLightKdf, (Scrypt{.n = 4'096, .r = 8, .p = 6}));
    const auto file = seal(some_key(), view_of("secret"), kLightKdf, {}).value();
    EXPECT_EQ(open(file, view_of("secret")).value().secret(), some_key().secret());
}

TEST(Keystore, RefusesEveryChangedBitOfWhatTheMacCovers) {
    const auto good = sealed();
    for (std::size_t i = 0; i < good.ciphertext.size(); ++i) {
        auto file = good;
        file.ciphertext[i] ^= 1;
        ASSERT_EQ(open(file, view_of("secret")).error(), Errc::unauthentic) << i;
        file = good;
        file.mac[i] ^= 0x80;
        ASSERT_EQ(open(file, view_of("secret")).error(), Errc::unauthentic) << i;
    }
    auto file = good;
    file.salt[0] ^= 1;
    EXPECT_EQ(open(file, view_of("secret")).error(), Errc::unauthentic);
}

TEST(Keystore, RefusesWhatTheMacDoesNotCoverButIsWrong) {
    auto file = sealed();
    file.iv[0] ^= 1;  // opens to the secret of another key
    EXPECT_EQ(open(file, view_of("secret")).error(), Errc::malformed);
    file = sealed();
    file.address->back() ^= 1;
    EXPECT_EQ(open(file, view_of("secret")).error(), Errc::malformed);
    file.address.reset();
    EXPECT_TRUE(open(file, view_of("secret")));
}

TEST(Keystore, SealsNoOtherKeysAndUnderNoEmptyPassphrase) {
    const auto other = PrivateKey::make(KeyType::ed25519, Bytes(32, 1)).value();
    EXPECT_EQ(seal(other, view_of("secret"), kQuick, {}).error(), Errc::invalid_argument);
    EXPECT_EQ(seal(some_key(), {}, kQuick, {}).error(), Errc::invalid_argument);
}

struct Hostile {
    const char* name;
    std::int64_t n, r, p;
    Errc error;
};

TEST(Keystore, RefusesHostileScryptParametersBeforeAnyWork) {
    const Hostile all[] = {
        {"weak", 2048, 8, 1, Errc::unsupported},
        {"n of 1", 1, 8, 1, Errc::unsupported},
        {"n of 0", 0, 8, 1, Errc::malformed},
        {"n negative", -4096, 8, 1, Errc::malformed},
        {"no power of two", 262'143, 8, 1, Errc::malformed},
        {"r of 0", 262'144, 0, 1, Errc::malformed},
        {"p of 0", 262'144, 8, 0, Errc::malformed},
        {"1 GiB", 1 << 20, 8, 1, Errc::too_large},
        {"1 GiB by r", 1 << 18, 32, 1, Errc::too_large},
        {"one above by r", 1 << 12, 1025, 1, Errc::too_large},
        {"n that wraps", std::int64_t{1} << 62, 8, 1, Errc::too_large},
        {"r that wraps", 1 << 12, std::int64_t{1} << 62, 1, Errc::too_large},
        {"p that wraps", 1 << 12, 8, std::int64_t{1} << 62, Errc::too_large},
        {"five times the standard work", 1 << 18, 8, 5, Errc::too_large},
    };
    for (const auto& hostile : all) {
        const auto text = changed([&](auto&, json::object& crypto) {
            auto& parameters = crypto.at("kdfparams").as_object();
            parameters["n"] = hostile.n;
            parameters["r"] = hostile.r;
            parameters["p"] = hostile.p;
        });
        const auto file = parse(text);
        ASSERT_FALSE(file) << hostile.name;
        EXPECT_EQ(file.error(), hostile.error) << hostile.name << ": " << file.error().message();
    }
}

TEST(Keystore, TakesScryptParametersUpToTheBounds) {
    for (const auto& [n, r, p] : {std::tuple{1 << 22, 1, 2}, {1 << 12, 1024, 2}, {1 << 18, 8, 4}, {1 << 12, 1, 2048}}) {
        const auto text = changed([&](auto&, json::object& crypto) {
            auto& parameters = crypto.at("kdfparams").as_object();
            parameters["n"] = n;
            parameters["r"] = r;
            parameters["p"] = p;
        });
        EXPECT_TRUE(parse(text)) << text;
    }
}

TEST(Keystore, RefusesHostilePbkdf2Parameters) {
    const auto with = [](const char* field, json::value value) {
        return parse(
            changed([&](auto&, json::object& crypto) { crypto.at("kdfparams").as_object()[field] = std::move(value); },
                    "pbkdf2"));
    };
    EXPECT_EQ(with("c", 4'095).error(), Errc::unsupported);
    EXPECT_TRUE(with("c", 4'096));
    EXPECT_TRUE(with("c", 1 << 22));
    EXPECT_EQ(with("c", (1 << 22) + 1).error(), Errc::too_large);
    EXPECT_EQ(with("c", std::uint64_t{1} << 63).error(), Errc::too_large);
    EXPECT_EQ(with("c", -1).error(), Errc::malformed);
    EXPECT_EQ(with("prf", "hmac-sha1").error(), Errc::unsupported);
    EXPECT_EQ(with("dklen", 1 << 30).error(), Errc::unsupported);
    EXPECT_EQ(with("dklen", 16).error(), Errc::unsupported);
}

TEST(Keystore, NamesWhatItDoesNotSpeak) {
    const auto error = [](auto change) { return parse(changed(change)).error(); };
    const auto names = [](const Error& got, Errc code, std::string_view word) {
        EXPECT_EQ(got, code) << got.message();
        EXPECT_NE(got.detail().find(word), std::string::npos) << got.message();
    };
    names(error([](auto& root, auto&) { root["version"] = 1; }), Errc::unsupported, "version");
    names(error([](auto& root, auto&) { root["version"] = "3"; }), Errc::malformed, "version");
    names(error([](auto& root, auto&) { root.erase("version"); }), Errc::malformed, "version");
    names(error([](auto& root, auto&) { root["id"] = "../../etc"; }), Errc::malformed, "id");
    names(error([](auto& root, auto&) { root["address"] = "00"; }), Errc::malformed, "address");
    names(error([](auto& root, auto&) { root["crypto"] = nullptr; }), Errc::malformed, "crypto");
    names(error([](auto&, auto& crypto) { crypto["cipher"] = "aes-128-cbc"; }), Errc::unsupported, "cipher");
    names(error([](auto&, auto& crypto) { crypto["cipherparams"] = 1; }), Errc::malformed, "cipherparams");
    names(error([](auto&, auto& crypto) { crypto["ciphertext"] = "00"; }), Errc::malformed, "ciphertext");
    names(error([](auto&, auto& crypto) { crypto["mac"] = std::string(64, 'g'); }), Errc::malformed, "mac");
    names(error([](auto&, auto& crypto) { crypto["kdf"] = "argon2id"; }), Errc::unsupported, "kdf");
    names(error([](auto&, auto& crypto) { crypto["kdfparams"] = json::array(); }), Errc::malformed, "kdfparams");
    names(error([](auto&, auto& crypto) { crypto["kdfparams"].as_object()["salt"] = ""; }), Errc::malformed, "salt");
    names(error([](auto&, auto& crypto) { crypto["kdfparams"].as_object()["salt"] = std::string(514, '0'); }),
          Errc::malformed,
          "salt");
}

TEST(Keystore, TakesTheSpellingsOfOtherWallets) {
    const auto text = changed([](json::object& root, json::object& crypto) {
        crypto["mac"] = "0x" + std::string(crypto.at("mac").as_string());
        root["Crypto"] = crypto;
        root.erase("crypto");
        root["address"] = "0x008AeEda4D805471dF9b2A5B0f38A0C3bCBA786b";
    });
    const auto file = parse(text);
    ASSERT_TRUE(file) << file.error().message();
    EXPECT_EQ(*file->address, address_of(some_key().public_key()));
}

TEST(Keystore, RefusesWhatIsNoKeyFile) {
    for (const std::string& text : {std::string(),
                                    std::string("{"),
                                    std::string("[]"),
                                    std::string("null"),
                                    std::string(64, 'a'),
                                    std::string(9, '[')}) {
        EXPECT_EQ(parse(text).error(), Errc::malformed) << text;
    }
    EXPECT_EQ(parse(std::string(kMaxFile + 1, ' ')).error(), Errc::too_large);
}

TEST(SecretBytes, KeepsItsBytesWhileItMovesAndShrinks) {
    auto secret = SecretBytes::copy_of(view_of("passphrase\n"));
    secret.shrink(10);
    const auto* where = secret.view().data();
    const SecretBytes moved = std::move(secret);
    EXPECT_EQ(text_of(moved.view()), "passphrase");
    EXPECT_EQ(moved.view().data(), where);
    EXPECT_TRUE(SecretBytes().empty());
    static_assert(!std::is_copy_constructible_v<SecretBytes>);
}

}  // namespace
}  // namespace sotto::crypto::keystore
