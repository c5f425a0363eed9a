// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <optional>

#include "base/random.hpp"
#include "crypto/secp256k1.hpp"

/// The RLPx handshake in its EIP-8 form (ethereum/devp2p rlpx.md): auth from the initiator, ack from the recipient.
namespace sotto::devp2p {

using crypto::secp256k1::Point;
using crypto::secp256k1::Secret;

/// What both ends know after the handshake: keys, and the running MACs of the two directions.
struct RlpxSecrets {
    ByteArray<32> aes;
    ByteArray<32> mac;
    crypto::Keccak256 egress;
    crypto::Keccak256 ingress;
};

/// One side as a state machine: bytes in as they come, bytes out, secrets at the end. Every failure is one and the same
/// error (unauthentic): what was wrong is nobody's business before authentication. At most 2,050 bytes are ever held.
class RlpxHandshake {
  public:
    static constexpr std::size_t kMaxBody = 2048;

    /// `remote` is known to an initiator, and null makes a recipient. Takes all its randomness now.
    RlpxHandshake(const Secret& identity, const Point* remote, RandomSource& random);
    RlpxHandshake(const RlpxHandshake&) = delete;
    RlpxHandshake& operator=(const RlpxHandshake&) = delete;
    ~RlpxHandshake();

    /// The first bytes to send: the auth of an initiator, nothing of a recipient.
    Result<Bytes> start();
    /// Takes from the front of `in`, which is moved past it; bytes behind the packet are left. Returns what to send (a
    /// recipient's ack). Go on until done().
    Result<Bytes> feed(BytesView& in);
    bool done() const noexcept { return secrets_.has_value(); }

    const Point& remote() const noexcept { return *remote_; }
    const RlpxSecrets& secrets() const noexcept { return *secrets_; }

  private:
    Result<Bytes> seal(BytesView body) const;
    Result<Bytes> on_auth(BytesView body);
    Result<void> on_ack(BytesView body);
    Result<void> derive(const Point& remote_ephemeral,
                        const ByteArray<32>& remote_nonce,
                        BytesView own,
                        BytesView theirs);

    RandomSource& random_;
    Secret identity_;
    bool initiator_;
    std::optional<Point> remote_;
    Secret ephemeral_;
    ByteArray<32> nonce_;
    Bytes sent_;      ///< our packet as it went out: it seeds the MAC
    Bytes received_;  ///< theirs so far, size prefix included
    std::optional<RlpxSecrets> secrets_;
};

}  // namespace sotto::devp2p
