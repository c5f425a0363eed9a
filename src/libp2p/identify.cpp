// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "libp2p/identify.hpp"

#include "codec/protobuf.hpp"
#include "codec/varint.hpp"

namespace sotto::libp2p {
namespace {

enum Number : std::uint32_t {
    kPublicKey = 1,
    kListenAddress = 2,
    kProtocol = 3,
    kObserved = 4,
    kProtocolVersion = 5,
    kAgent = 6,
};

std::string cut_text(BytesView bytes) {
    return std::string(text_of(bytes).substr(0, kMaxIdentifyText));
}

template <class T>
Result<void> add(std::vector<T>& list, T entry) {
    if (list.size() >= kMaxIdentifyEntries) return fail(Errc::misbehaved, "identify: too many entries");
    list.push_back(std::move(entry));
    return {};
}

Result<void> merge_field(IdentifyInfo& info, const protobuf::Field& field) {
    switch (field.number) {
        case kPublicKey: {
            SOTTO_TRY(info.key, crypto::PublicKey::decode(field.bytes));
            return {};
        }
        case kListenAddress: {
            // Unknown protocols are normal: new transports appear.
            const auto address = Multiaddr::decode(field.bytes);
            return address ? add(info.listen_addresses, address->without_peer()) : Result<void>{};
        }
        case kProtocol:
            return add(info.protocols, cut_text(field.bytes));
        case kObserved:
            if (auto address = Multiaddr::decode(field.bytes)) info.observed = *std::move(address);
            return {};
        case kProtocolVersion:
            info.protocol_version = cut_text(field.bytes);
            return {};
        case kAgent:
            info.agent = cut_text(field.bytes);
            return {};
        default:
            return {};
    }
}

/// The length in front of a message; nullopt when the stream ends instead of it.
Task<Result<std::optional<std::size_t>>> read_length(net::Stream& stream) {
    Bytes prefix;
    for (;;) {
        Byte next = 0;
        SOTTO_CO_TRY(const auto count, co_await net::read_some(stream, BytesSpan(&next, 1)));
        if (count == 0 && prefix.empty()) co_return std::nullopt;
        if (count == 0) co_return fail(Errc::malformed, "identify: cut short");
        prefix.push_back(next);
        SOTTO_CO_TRY(const auto length, varint::decode(prefix));
        if (!length) continue;
        if (length->value > kMaxIdentifyMessage) co_return fail(Errc::too_large, "identify: message");
        co_return static_cast<std::size_t>(length->value);
    }
}

}  // namespace

Bytes IdentifyInfo::encode() const {
    Bytes out;
    protobuf::Writer writer(out);
    if (key) writer.bytes(kPublicKey, key->encode());
    for (const auto& protocol : protocols) writer.text(kProtocol, protocol);
    if (observed) writer.bytes(kObserved, observed->without_peer().encode());
    writer.text(kProtocolVersion, protocol_version).text(kAgent, agent);
    for (const auto& address : listen_addresses) {
        if (net::network_of(address) == net::Network::devp2p) continue;
        const auto before = out.size();
        writer.bytes(kListenAddress, address.without_peer().encode());
        if (out.size() <= kMaxIdentifySent) continue;
        out.resize(before);
        break;
    }
    return out;
}

Result<void> IdentifyInfo::merge(BytesView message) {
    protobuf::Reader reader(message);
    for (;;) {
        SOTTO_TRY(const auto field, reader.next());
        if (!field) return {};
        if (field->wire == protobuf::Wire::bytes) SOTTO_CHECK(merge_field(*this, *field));
    }
}

Task<Result<void>> write_identify(net::Stream& stream, const IdentifyInfo& info) {
    const auto message = info.encode();
    Bytes length;
    varint::append(length, message.size());
    const std::array<BytesView, 2> pieces{BytesView(length), BytesView(message)};
    co_return co_await stream.write(pieces);
}

Task<Result<IdentifyInfo>> read_identify(net::Stream& stream, const net::PeerIdentity& peer) {
    IdentifyInfo info;
    for (std::size_t count = 0;; ++count) {
        SOTTO_CO_TRY(const auto length, co_await read_length(stream));
        if (!length) break;
        if (count == kMaxIdentifyMessages) co_return fail(Errc::misbehaved, "identify: too many messages");
        Bytes message(*length);
        SOTTO_CO_CHECK(co_await net::read_exact(stream, message));
        SOTTO_CO_CHECK(info.merge(message));
    }
    if (info.key && crypto::PeerId(*info.key) != peer.id) {
        co_return fail(Errc::wrong_identity, "identify: the key is not the connection's");
    }
    co_return info;
}

}  // namespace sotto::libp2p
