// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <limits>

#include "codec/rlp.hpp"
#include "whisper/delivery.hpp"

namespace sotto::whisper {
namespace {

constexpr std::uint64_t kMaxU32 = std::numeric_limits<std::uint32_t>::max();

void write_peers(rlp::Writer& writer, const std::vector<crypto::PeerId>& peers) {
    const auto list = writer.begin_list();
    for (const auto& peer : peers) writer.string(peer.bytes());
    writer.end_list(list);
}

Result<std::vector<crypto::PeerId>> read_peers(rlp::Reader& fields) {
    SOTTO_TRY(auto list, fields.list());
    std::vector<crypto::PeerId> peers;
    while (!list.empty()) {
        if (peers.size() >= Delivery::kMaxPeers) return fail(Errc::malformed, "too many peers of a delivery");
        SOTTO_TRY(const auto bytes, list.string());
        SOTTO_TRY(peers.emplace_back(), crypto::PeerId::decode(bytes));
    }
    return peers;
}

Result<std::vector<Hash>> read_envelopes(rlp::Reader& fields) {
    SOTTO_TRY(auto list, fields.list());
    std::vector<Hash> envelopes;
    while (!list.empty()) {
        if (envelopes.size() >= Delivery::kMaxEnvelopes)
            return fail(Errc::malformed, "too many envelopes of a delivery");
        SOTTO_TRY(envelopes.emplace_back(), list.fixed<32>());
    }
    if (envelopes.empty()) return fail(Errc::malformed, "a delivery without an envelope");
    return envelopes;
}

}  // namespace

Bytes encode_delivery(const Delivery& delivery) {
    Bytes out;
    rlp::Writer writer(out);
    const auto whole = writer.begin_list();
    writer.uint(static_cast<std::uint64_t>(delivery.state)).uint(delivery.posted_at).uint(delivery.deadline);
    writer.boolean(delivery.direct).string(delivery.reason);
    const auto envelopes = writer.begin_list();
    for (const auto& envelope : delivery.envelopes) writer.string(BytesView(envelope));
    writer.end_list(envelopes);
    write_peers(writer, delivery.sent_to);
    write_peers(writer, delivery.acknowledged_by);
    writer.boolean(delivery.confirms);
    writer.end_list(whole);
    return out;
}

Result<Delivery> decode_delivery(BytesView record) {
    SOTTO_TRY(auto fields, rlp::decode_list(record));
    Delivery delivery;
    SOTTO_TRY(const auto state, fields.uint(static_cast<std::uint64_t>(DeliveryState::failed)));
    SOTTO_TRY(const auto posted_at, fields.uint(kMaxU32));
    SOTTO_TRY(const auto deadline, fields.uint(kMaxU32));
    SOTTO_TRY(delivery.direct, fields.boolean());
    SOTTO_TRY(const auto reason, fields.string());
    if (reason.size() > Delivery::kMaxReason) return fail(Errc::malformed, "reason of a delivery too long");
    SOTTO_TRY(delivery.envelopes, read_envelopes(fields));
    SOTTO_TRY(delivery.sent_to, read_peers(fields));
    SOTTO_TRY(delivery.acknowledged_by, read_peers(fields));
    // Records of former versions end here.
    if (!fields.empty()) {
        SOTTO_TRY(delivery.confirms, fields.boolean());
    }
    delivery.id = delivery.envelopes.front();
    delivery.state = static_cast<DeliveryState>(state);
    delivery.posted_at = static_cast<std::uint32_t>(posted_at);
    delivery.deadline = static_cast<std::uint32_t>(deadline);
    delivery.reason = text_of(reason);
    return delivery;
}

}  // namespace sotto::whisper
