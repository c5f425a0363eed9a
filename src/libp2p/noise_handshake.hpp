// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crypto/cipher.hpp"
#include "crypto/hash.hpp"
#include "crypto/x25519.hpp"
#include "net/peer.hpp"

/// Noise_XX_25519_ChaChaPoly_SHA256 with an empty prologue and libp2p's payloads (Noise revision 34; libp2p/specs
/// noise/README.md). Pure: randomness comes in, messages go in and out without their length prefix.
namespace sotto::libp2p {

/// Bytes of one handshake message; a real one is below 4 KiB, with the largest RSA identity too.
inline constexpr std::size_t kMaxNoiseHandshakeMessage = 8 * 1024;
/// A longer list of muxers is taken as none.
inline constexpr std::size_t kMaxNoiseMuxers = 100;

/// What a handshake payload carries (NoiseHandshakePayload). Other fields are ignored.
struct NoisePayload {
    Bytes identity_key;  ///< PublicKey protobuf
    Bytes identity_sig;
    std::vector<std::string> muxers;  ///< of the extensions; empty when the peer has none

    Bytes encode() const;
    static Result<NoisePayload> decode(BytesView protobuf);
};

/// The first of the initiator's muxers that the responder has. None: the ends negotiate by multistream.
std::optional<std::string> choose_muxer(const std::vector<std::string>& initiator,
                                        const std::vector<std::string>& responder);

/// What this node shows in every handshake, made once a process: a static key that is not derived from the identity,
/// and the payload by which the identity vouches for it.
class NoiseIdentity {
  public:
    NoiseIdentity(const crypto::PrivateKey& identity,
                  const ByteArray<32>& static_secret,
                  std::vector<std::string> muxers);
    /// With a payload made elsewhere, as it is.
    NoiseIdentity(const ByteArray<32>& static_secret, const NoisePayload& payload);
    const crypto::X25519KeyPair& static_key() const noexcept { return static_key_; }
    BytesView payload() const noexcept { return payload_; }
    const std::vector<std::string>& muxers() const noexcept { return muxers_; }

  private:
    crypto::X25519KeyPair static_key_;
    Bytes payload_;
    std::vector<std::string> muxers_;
};

/// One handshake. The dialler is the initiator: it writes, reads, writes; the listener reads, writes, reads. Calls out
/// of turn are a bug. Any failure is final.
class NoiseHandshake {
  public:
    struct Outcome {
        crypto::NoiseCipher send;
        crypto::NoiseCipher receive;
        net::PeerIdentity peer;
        std::optional<std::string> muxer;  ///< agreed on early
    };

    /// `local` must outlive it. `ephemeral_secret`: 32 fresh random bytes. `expected`: another identity fails with
    /// wrong_identity before anything of ours is shown to it.
    NoiseHandshake(net::Role role,
                   const NoiseIdentity& local,
                   const ByteArray<32>& ephemeral_secret,
                   std::optional<crypto::PeerId> expected);
    NoiseHandshake(NoiseHandshake&&) noexcept = default;
    ~NoiseHandshake();

    bool wants_write() const noexcept { return step_ < 3 && (step_ % 2 == 0) == initiator_; }
    bool done() const noexcept { return step_ == 3; }
    Result<Bytes> write();
    Result<void> read(BytesView message);
    /// Once, when done.
    Outcome take_outcome();

  private:
    void mix_hash(BytesView data);
    void mix_key(BytesView input);
    Result<void> mix_agreement(const ByteArray<32>& secret, const ByteArray<32>& public_key);
    void seal(BytesView plain, Bytes& out);
    Result<Bytes> open(BytesView sealed);
    Result<void> read_ephemeral(BytesView message);
    Result<void> read_second(BytesView message);
    Result<void> read_static(BytesView sealed);
    Result<void> read_payload(BytesView sealed);

    bool initiator_;
    const NoiseIdentity* local_;
    crypto::X25519KeyPair ephemeral_;
    std::optional<crypto::PeerId> expected_;
    int step_ = 0;  ///< messages that have passed; 4: failed or taken

    crypto::Hash256 hash_;
    crypto::Hash256 chaining_key_;
    std::optional<crypto::NoiseCipher> cipher_;
    ByteArray<32> remote_ephemeral_{};
    ByteArray<32> remote_static_{};
    net::PeerIdentity peer_;
    std::vector<std::string> remote_muxers_;
};

}  // namespace sotto::libp2p
