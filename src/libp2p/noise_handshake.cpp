// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "libp2p/noise_handshake.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "codec/protobuf.hpp"

namespace sotto::libp2p {
namespace {

constexpr std::string_view kProtocolName = "Noise_XX_25519_ChaChaPoly_SHA256";
static_assert(kProtocolName.size() == 32, "a name of the hash's size is the first hash");
constexpr std::string_view kSignaturePrefix = "noise-libp2p-static-key:";
constexpr std::size_t kKeySize = 32;
constexpr std::size_t kTagSize = crypto::NoiseCipher::kTagSize;
constexpr std::size_t kSealedKeySize = kKeySize + kTagSize;

Bytes signed_text(const ByteArray<32>& static_key) {
    auto text = to_bytes(kSignaturePrefix);
    append(text, static_key);
    return text;
}

Result<std::vector<std::string>> decode_muxers(BytesView extensions, std::vector<std::string> muxers) {
    protobuf::Reader reader(extensions);
    for (;;) {
        SOTTO_TRY(const auto field, reader.next());
        if (!field) return muxers;
        if (field->number == 2 && field->wire == protobuf::Wire::bytes) muxers.emplace_back(text_of(field->bytes));
    }
}

struct KeyPair {
    ByteArray<32> first;
    ByteArray<32> second;
};
KeyPair derive(const crypto::Hash256& chaining_key, BytesView input) {
    auto both = crypto::hkdf_sha256(chaining_key, input, {}, 64);
    const KeyPair keys{first_bytes<32>(both), first_bytes<32>(BytesView(both).subspan(32))};
    crypto::wipe(both);
    return keys;
}

}  // namespace

Bytes NoisePayload::encode() const {
    Bytes out;
    protobuf::Writer writer(out);
    writer.bytes(1, identity_key).bytes(2, identity_sig);
    if (muxers.empty()) return out;
    Bytes extensions;
    protobuf::Writer inner(extensions);
    for (const auto& muxer : muxers) inner.text(2, muxer);
    writer.bytes(4, extensions);
    return out;
}

Result<NoisePayload> NoisePayload::decode(BytesView protobuf) {
    NoisePayload payload;
    protobuf::Reader reader(protobuf);
    for (;;) {
        SOTTO_TRY(const auto field, reader.next());
        if (!field) break;
        if (field->wire != protobuf::Wire::bytes) continue;
        if (field->number == 1) payload.identity_key = to_bytes(field->bytes);
        if (field->number == 2) payload.identity_sig = to_bytes(field->bytes);
        if (field->number == 4) {
            SOTTO_TRY(payload.muxers, decode_muxers(field->bytes, std::move(payload.muxers)));
        }
    }
    if (payload.muxers.size() > kMaxNoiseMuxers) payload.muxers.clear();
    return payload;
}

std::optional<std::string> choose_muxer(const std::vector<std::string>& initiator,
                                        const std::vector<std::string>& responder) {
    const auto shared = std::ranges::find_if(
        initiator, [&](const std::string& muxer) { return std::ranges::find(responder, muxer) != responder.end(); });
    if (shared == initiator.end()) return std::nullopt;
    return *shared;
}

NoiseIdentity::NoiseIdentity(const ByteArray<32>& static_secret, const NoisePayload& payload)
    : static_key_(crypto::x25519_keypair(static_secret)), payload_(payload.encode()), muxers_(payload.muxers) {}

NoiseIdentity::NoiseIdentity(const crypto::PrivateKey& identity,
                             const ByteArray<32>& static_secret,
                             std::vector<std::string> muxers)
    : NoiseIdentity(static_secret,
                    NoisePayload{identity.public_key().encode(),
                                 identity.sign(signed_text(crypto::x25519_keypair(static_secret).public_key)),
                                 std::move(muxers)}) {}

NoiseHandshake::NoiseHandshake(net::Role role,
                               const NoiseIdentity& local,
                               const ByteArray<32>& ephemeral_secret,
                               std::optional<crypto::PeerId> expected)
    : initiator_(role == net::Role::dialer),
      local_(&local),
      ephemeral_(crypto::x25519_keypair(ephemeral_secret)),
      expected_(std::move(expected)),
      hash_(first_bytes<32>(view_of(kProtocolName))),
      chaining_key_(hash_) {
    mix_hash({});  // the prologue
}

NoiseHandshake::~NoiseHandshake() {
    crypto::wipe(ephemeral_.secret);
    crypto::wipe(chaining_key_);
}

void NoiseHandshake::mix_hash(BytesView data) {
    const std::array<BytesView, 2> parts{BytesView(hash_), data};
    hash_ = crypto::sha256(Buffers(parts));
}

void NoiseHandshake::mix_key(BytesView input) {
    auto keys = derive(chaining_key_, input);
    chaining_key_ = keys.first;
    cipher_.emplace(keys.second);
    crypto::wipe(keys.second);
}

Result<void> NoiseHandshake::mix_agreement(const ByteArray<32>& secret, const ByteArray<32>& public_key) {
    SOTTO_TRY(auto shared, crypto::x25519(secret, public_key));
    mix_key(shared);
    crypto::wipe(shared);
    return {};
}

void NoiseHandshake::seal(BytesView plain, Bytes& out) {
    const auto start = out.size();
    out.resize(start + plain.size() + kTagSize);
    const auto sealed = BytesSpan(out).subspan(start);
    const std::array<BytesView, 1> pieces{plain};
    cipher_->seal(pieces, hash_, sealed);
    mix_hash(sealed);
}

Result<Bytes> NoiseHandshake::open(BytesView sealed) {
    if (sealed.size() < kTagSize) return fail(Errc::malformed, "noise: handshake message too short");
    Bytes plain(sealed.size() - kTagSize);
    SOTTO_TRY(const auto size, cipher_->open(sealed, hash_, plain));
    plain.resize(size);
    mix_hash(sealed);
    return plain;
}

Result<Bytes> NoiseHandshake::write() {
    SOTTO_ASSERT(wants_write(), "noise: a message out of turn");
    Bytes out;
    const int step = std::exchange(step_, 4);
    if (step < 2) {
        append(out, ephemeral_.public_key);
        mix_hash(ephemeral_.public_key);
    }
    if (step == 0) {
        mix_hash({});  // the first payload, which is empty
        step_ = 1;
        return out;
    }
    if (step == 1) {
        SOTTO_CHECK(mix_agreement(ephemeral_.secret, remote_ephemeral_));
    }
    seal(local_->static_key().public_key, out);
    SOTTO_CHECK(mix_agreement(local_->static_key().secret, remote_ephemeral_));
    seal(local_->payload(), out);
    step_ = step + 1;
    return out;
}

Result<void> NoiseHandshake::read(BytesView message) {
    SOTTO_ASSERT(!wants_write() && step_ < 3, "noise: a message out of turn");
    if (message.size() > kMaxNoiseHandshakeMessage) return fail(Errc::too_large, "noise: handshake message");
    const int step = std::exchange(step_, 4);
    switch (step) {
        case 0:
            SOTTO_CHECK(read_ephemeral(message));
            if (message.size() != kKeySize) return fail(Errc::malformed, "noise: payload in the first message");
            mix_hash({});
            break;
        case 1:
            SOTTO_CHECK(read_second(message));
            break;
        default:
            SOTTO_CHECK(read_static(message));
            break;
    }
    step_ = step + 1;
    return {};
}

Result<void> NoiseHandshake::read_ephemeral(BytesView message) {
    if (message.size() < kKeySize) return fail(Errc::malformed, "noise: handshake message too short");
    remote_ephemeral_ = first_bytes<kKeySize>(message);
    mix_hash(remote_ephemeral_);
    return {};
}

Result<void> NoiseHandshake::read_second(BytesView message) {
    SOTTO_CHECK(read_ephemeral(message));
    SOTTO_CHECK(mix_agreement(ephemeral_.secret, remote_ephemeral_));
    return read_static(message.subspan(kKeySize));
}

/// The remote's static key, which both ends then agree on with the local ephemeral one, and the payload behind it.
Result<void> NoiseHandshake::read_static(BytesView sealed) {
    if (sealed.size() < kSealedKeySize) return fail(Errc::malformed, "noise: handshake message too short");
    SOTTO_TRY(const auto key, open(sealed.first(kSealedKeySize)));
    remote_static_ = first_bytes<kKeySize>(key);
    SOTTO_CHECK(mix_agreement(ephemeral_.secret, remote_static_));
    return read_payload(sealed.subspan(kSealedKeySize));
}

Result<void> NoiseHandshake::read_payload(BytesView sealed) {
    SOTTO_TRY(const auto plain, open(sealed));
    SOTTO_TRY(auto payload, NoisePayload::decode(plain));
    SOTTO_TRY(auto key, crypto::PublicKey::decode(payload.identity_key));
    if (payload.identity_sig.empty()) return fail(Errc::unauthentic, "noise: no signature");
    if (!key.verify(signed_text(remote_static_), payload.identity_sig)) {
        return fail(Errc::unauthentic, "noise: the identity did not sign this static key");
    }
    peer_ = net::PeerIdentity(std::move(key));
    if (expected_ && peer_.id != *expected_) {
        return fail(Errc::wrong_identity, "expected " + expected_->to_string() + ", got " + peer_.id.to_string());
    }
    remote_muxers_ = std::move(payload.muxers);
    return {};
}

NoiseHandshake::Outcome NoiseHandshake::take_outcome() {
    SOTTO_ASSERT(done(), "noise: an outcome before the end");
    step_ = 4;
    auto keys = derive(chaining_key_, {});
    const auto& ours = initiator_ ? keys.first : keys.second;
    const auto& theirs = initiator_ ? keys.second : keys.first;
    const auto& muxers = local_->muxers();
    Outcome outcome{crypto::NoiseCipher(ours),
                    crypto::NoiseCipher(theirs),
                    std::move(peer_),
                    initiator_ ? choose_muxer(muxers, remote_muxers_) : choose_muxer(remote_muxers_, muxers)};
    crypto::wipe(keys.first);
    crypto::wipe(keys.second);
    return outcome;
}

}  // namespace sotto::libp2p
