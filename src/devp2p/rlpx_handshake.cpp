// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "devp2p/rlpx_handshake.hpp"

#include <algorithm>

#include "codec/rlp.hpp"
#include "crypto/ecies.hpp"
#include "crypto/hash.hpp"

namespace sotto::devp2p {
namespace {

namespace secp = crypto::secp256k1;

constexpr std::uint64_t kVersion = 4;
constexpr std::size_t kPrefix = 2;
constexpr std::size_t kMinPadding = 100;
constexpr std::size_t kPaddingSpread = 200;

std::unexpected<Error> refused() {
    return fail(Errc::unauthentic, "the RLPx handshake failed");
}

Secret random_secret(RandomSource& random) {
    for (;;) {
        const auto secret = random.array<32>();
        if (secp::valid_secret(secret)) return secret;
    }
}

ByteArray<32> exclusive_or(const ByteArray<32>& a, const ByteArray<32>& b) noexcept {
    ByteArray<32> out;
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = a[i] ^ b[i];
    return out;
}

crypto::Hash256 keccak_of(BytesView a, BytesView b) noexcept {
    const BytesView parts[] = {a, b};
    return crypto::keccak256(parts);
}

struct Auth {
    ByteArray<65> signature;
    ByteArray<64> identity;
    ByteArray<32> nonce;
};

/// EIP-8: more list elements, another version and padding behind the list are all fine.
Result<Auth> decode_auth(BytesView body) {
    SOTTO_TRY(auto fields, rlp::decode_list(body, rlp::Tail::ignored));
    Auth auth;
    SOTTO_TRY(auth.signature, fields.fixed<65>());
    SOTTO_TRY(auth.identity, fields.fixed<64>());
    SOTTO_TRY(auth.nonce, fields.fixed<32>());
    return auth;
}

struct Ack {
    ByteArray<64> ephemeral;
    ByteArray<32> nonce;
};

Result<Ack> decode_ack(BytesView body) {
    SOTTO_TRY(auto fields, rlp::decode_list(body, rlp::Tail::ignored));
    Ack ack;
    SOTTO_TRY(ack.ephemeral, fields.fixed<64>());
    SOTTO_TRY(ack.nonce, fields.fixed<32>());
    return ack;
}

}  // namespace

RlpxHandshake::RlpxHandshake(const Secret& identity, const Point* remote, RandomSource& random)
    : random_(random),
      identity_(identity),
      initiator_(remote != nullptr),
      ephemeral_(random_secret(random)),
      nonce_(random.array<32>()) {
    if (remote) remote_ = *remote;
}

RlpxHandshake::~RlpxHandshake() {
    crypto::wipe(identity_);
    crypto::wipe(ephemeral_);
}

/// Padding, size prefix, ECIES with the prefix as shared MAC data.
Result<Bytes> RlpxHandshake::seal(BytesView body) const {
    Bytes plain = to_bytes(body);
    append(plain, random_.bytes(kMinPadding + random_.below(kPaddingSpread + 1)));
    Bytes packet(kPrefix);
    store_be(static_cast<std::uint16_t>(plain.size() + crypto::ecies::kOverhead), packet);
    SOTTO_TRY(const auto sealed,
              crypto::ecies::encrypt(*remote_, plain, packet, random_secret(random_), random_.array<16>()));
    append(packet, sealed);
    return packet;
}

Result<Bytes> RlpxHandshake::start() {
    if (!initiator_) return Bytes();
    SOTTO_TRY(const auto token, secp::ecdh(identity_, *remote_));
    Bytes body;
    rlp::Writer writer(body);
    const auto list = writer.begin_list();
    writer.string(secp::sign_recoverable(ephemeral_, exclusive_or(token, nonce_)));
    writer.string(secp::public_key(identity_)).string(nonce_).uint(kVersion).end_list(list);
    SOTTO_TRY(sent_, seal(body));
    return sent_;
}

Result<Bytes> RlpxHandshake::feed(BytesView& in) {
    const auto take = [&](std::size_t wanted) {
        const auto part = in.first(std::min(in.size(), wanted - std::min(wanted, received_.size())));
        append(received_, part);
        in = in.subspan(part.size());
        return received_.size() >= wanted;
    };
    if (!take(kPrefix)) return Bytes();
    const std::size_t size = load_be<std::uint16_t>(received_);
    if (size > kMaxBody || size <= crypto::ecies::kOverhead) return refused();
    if (!take(kPrefix + size)) return Bytes();

    const auto prefix = BytesView(received_).first(kPrefix);
    const auto body = crypto::ecies::decrypt(identity_, BytesView(received_).subspan(kPrefix), prefix);
    if (!body) return refused();
    if (!initiator_) return on_auth(*body);
    SOTTO_CHECK(on_ack(*body));
    return Bytes();
}

Result<Bytes> RlpxHandshake::on_auth(BytesView body) {
    const auto auth = decode_auth(body);
    if (!auth) return refused();
    const auto identity = secp::parse_point(auth->identity);
    if (!identity) return refused();
    remote_ = *identity;
    const auto token = secp::ecdh(identity_, *remote_);
    if (!token) return refused();
    const auto ephemeral = secp::recover(auth->signature, exclusive_or(*token, auth->nonce));
    if (!ephemeral) return refused();

    Bytes ack;
    rlp::Writer writer(ack);
    const auto list = writer.begin_list();
    writer.string(secp::public_key(ephemeral_)).string(nonce_).uint(kVersion).end_list(list);
    SOTTO_TRY(sent_, seal(ack));
    SOTTO_CHECK(derive(*ephemeral, auth->nonce, sent_, received_));
    return sent_;
}

Result<void> RlpxHandshake::on_ack(BytesView body) {
    const auto ack = decode_ack(body);
    if (!ack) return refused();
    const auto ephemeral = secp::parse_point(ack->ephemeral);
    if (!ephemeral) return refused();
    return derive(*ephemeral, ack->nonce, sent_, received_);
}

Result<void> RlpxHandshake::derive(const Point& remote_ephemeral,
                                   const ByteArray<32>& remote_nonce,
                                   BytesView own,
                                   BytesView theirs) {
    const auto shared = secp::ecdh(ephemeral_, remote_ephemeral);
    if (!shared) return refused();
    const auto& initiator_nonce = initiator_ ? nonce_ : remote_nonce;
    const auto& recipient_nonce = initiator_ ? remote_nonce : nonce_;
    const auto secret = keccak_of(*shared, keccak_of(recipient_nonce, initiator_nonce));
    RlpxSecrets secrets;
    secrets.aes = keccak_of(*shared, secret);
    secrets.mac = keccak_of(*shared, secrets.aes);
    secrets.egress.update(exclusive_or(secrets.mac, remote_nonce)).update(own);
    secrets.ingress.update(exclusive_or(secrets.mac, nonce_)).update(theirs);
    secrets_ = secrets;
    return {};
}

}  // namespace sotto::devp2p
