// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <compare>
#include <memory>

#include "base/bytes.hpp"

/// libp2p identities (libp2p/specs peer-ids/peer-ids.md). Ours are secp256k1 or Ed25519; RSA (2,048 to 8,192 bits) and
/// ECDSA P-256 are accepted from peers. The random bytes come in as arguments.
namespace sotto::crypto {

enum class KeyType : std::uint8_t { rsa = 0, ed25519 = 1, secp256k1 = 2, ecdsa = 3 };

/// A public key in the form that the protobuf carries: RSA and ECDSA as SPKI DER, Ed25519 32 bytes, secp256k1 33 bytes.
struct PublicKey {
    KeyType type = KeyType::secp256k1;
    Bytes data;

    /// Deterministic PublicKey protobuf {Type 1, Data 2}; the type is always written.
    Bytes encode() const;
    /// Checks that the key is usable: a point on the curve, RSA size within bounds. At most 2,048 bytes. The order of
    /// the fields and unknown ones do not matter, so compare keys or peer ids, never the bytes from the wire.
    static Result<PublicKey> decode(BytesView protobuf);
    static PublicKey from_secp256k1(BytesView point64);
    /// X || Y of a secp256k1 key: devp2p's node id. Fails (unsupported) for other types.
    Result<ByteArray<64>> node_id() const;
    /// The signature is over the message (libp2p's rule for each type), not over a digest.
    bool verify(BytesView message, BytesView signature) const;

    friend bool operator==(const PublicKey&, const PublicKey&) = default;
};

/// Multihash of an encoded public key: identity up to 42 bytes, else sha2-256.
class PeerId {
  public:
    PeerId() = default;
    explicit PeerId(const PublicKey& key);
    /// Binary multihash: identity of at most 42 bytes, or sha2-256.
    static Result<PeerId> decode(BytesView multihash);
    /// base58btc ("16Uiu2…", "12D3…", "Qm…") or a CIDv1 of codec libp2p-key.
    static Result<PeerId> parse(std::string_view text);
    std::string to_string() const;
    const Bytes& bytes() const noexcept { return multihash_; }
    bool empty() const noexcept { return multihash_.empty(); }
    /// The key itself where the id contains it (not_found where it is a hash).
    Result<PublicKey> public_key() const;

    friend auto operator<=>(const PeerId&, const PeerId&) = default;

  private:
    Bytes multihash_;
};

/// A private key of ours. Wiped on destruction; never printed, copied only on purpose.
class PrivateKey {
  public:
    /// secp256k1: 32 bytes, below the group order and not zero. Ed25519: the 32-byte seed.
    static Result<PrivateKey> make(KeyType type, BytesView secret32);
    /// PrivateKey protobuf {Type 1, Data 2}: secp256k1 32 bytes, Ed25519 64 (seed || public) or the legacy 96.
    static Result<PrivateKey> decode(BytesView protobuf);
    Bytes encode() const;

    KeyType type() const noexcept { return type_; }
    const ByteArray<32>& secret() const noexcept { return secret_; }
    const PublicKey& public_key() const noexcept { return public_key_; }
    Bytes sign(BytesView message) const;

    PrivateKey(const PrivateKey&) = default;
    PrivateKey& operator=(const PrivateKey&) = default;
    ~PrivateKey();

  private:
    PrivateKey(KeyType type, ByteArray<32> secret, PublicKey key);
    KeyType type_;
    ByteArray<32> secret_;
    PublicKey public_key_;
};

}  // namespace sotto::crypto
