// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "crypto/keys.hpp"
#include "crypto/secret.hpp"

/// A secp256k1 secret under a passphrase: Web3 Secret Storage version 3, the JSON key files of geth and other wallets
/// (ethereum.org "Web3 Secret Storage Definition"). Random bytes come in as arguments.
namespace sotto::crypto::keystore {

using Address = ByteArray<20>;

/// RFC 7914. Needs 128 * n * r bytes, and time in proportion to n * r * p.
struct Scrypt {
    std::uint64_t n = 0;  ///< power of two, at least kMinScryptN
    std::uint32_t r = 0;
    std::uint32_t p = 0;
    friend bool operator==(const Scrypt&, const Scrypt&) = default;
};
/// RFC 8018 with HMAC-SHA256.
struct Pbkdf2 {
    std::uint32_t c = 0;  ///< rounds
    friend bool operator==(const Pbkdf2&, const Pbkdf2&) = default;
};

/// What a file may ask of the machine. Less is no protection, more is an attack on memory or time. Every key file that
/// is in use derives 32 bytes, so no other length is taken.
inline constexpr std::uint64_t kMinScryptN = std::uint64_t{1} << 12;
inline constexpr std::uint64_t kMaxScryptMemory = std::uint64_t{512} << 20;  ///< bytes: 128 * n * r
inline constexpr std::uint64_t kMaxScryptWork = std::uint64_t{1} << 30;      ///< 128 * n * r * p: 4 times the standard
inline constexpr std::uint32_t kMinPbkdf2Rounds = 1u << 12;
inline constexpr std::uint32_t kMaxPbkdf2Rounds = 1u << 22;
inline constexpr std::size_t kMaxSalt = 256;
inline constexpr std::size_t kMaxFile = 16 * 1024;
inline constexpr std::size_t kMaxPassphrase = 1024;  ///< for those who read one

inline constexpr Scrypt kStandardKdf{.n = 1u << 18, .r = 8, .p = 1};  ///< 256 MiB, about a second
inline constexpr Scrypt kLightKdf{.n = 1u << 12, .r = 8, .p = 6};     ///< 4 MiB, for small machines

/// A key file: read and checked, but not opened. Everything in it may be shown.
struct KeyFile {
    ByteArray<16> uuid{};
    std::optional<Address> address = {};  ///< as the file claims; open() checks it
    std::variant<Scrypt, Pbkdf2> kdf = {};
    Bytes salt = {};                ///< 1 to kMaxSalt bytes
    ByteArray<16> iv = {};          ///< of AES-128-CTR
    ByteArray<32> ciphertext = {};  ///< of the secret
    ByteArray<32> mac = {};         ///< Keccak-256 of the derived key's second half and the ciphertext
    friend bool operator==(const KeyFile&, const KeyFile&) = default;
};

/// At most kMaxFile bytes of JSON. Errors: malformed, unsupported (version, cipher, kdf, or one that is too weak),
/// too_large (asks for more memory or time than allowed). All name the field.
Result<KeyFile> parse(std::string_view json);
/// One line of JSON, as geth reads it.
std::string serialize(const KeyFile& file);

/// Takes the memory and time of the KDF: run it on the workers, one at a time. Unauthentic: another passphrase, or a
/// damaged file (the MAC is compared in constant time before anything is decrypted). Malformed: holds no secp256k1
/// secret, or that of another address. Exhausted: not enough memory.
Result<PrivateKey> open(const KeyFile& file, BytesView passphrase);

/// Salt, IV and UUID.
inline constexpr std::size_t kRandomBytes = 64;
/// As costly as open(). invalid_argument: not a secp256k1 key, or an empty passphrase. Exhausted as above.
Result<KeyFile> seal(const PrivateKey& key,
                     BytesView passphrase,
                     const Scrypt& kdf,
                     const ByteArray<kRandomBytes>& random);

/// The last 20 bytes of the public key's Keccak-256: Ethereum's address. Precondition: a secp256k1 key.
Address address_of(const PublicKey& key);

}  // namespace sotto::crypto::keystore
