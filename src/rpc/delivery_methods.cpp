// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <boost/json.hpp>

#include "rpc/event_methods.hpp"
#include "rpc/methods.hpp"
#include "rpc/params.hpp"

namespace sotto::rpc {
namespace {

using whisper::Delivery;
using whisper::Whisper;
using Answer = Task<Result<json::value>>;

json::array to_json(const std::vector<crypto::PeerId>& peers) {
    json::array all;
    for (const auto& peer : peers) all.emplace_back(peer.to_string());
    return all;
}

json::object to_json(const Delivery& delivery, const Whisper& shh) {
    json::array envelopes;
    for (const auto& hash : delivery.envelopes) envelopes.emplace_back(to_hex_prefixed(hash));
    const bool has_hash = !delivery.envelopes.empty();
    return {{"hash", has_hash ? json::value(to_hex_prefixed(delivery.id)) : json::value(nullptr)},
            {"state", whisper::to_string(delivery.state)},
            {"ticket", text_or_null(delivery.ticket)},
            {"envelopes", std::move(envelopes)},
            {"postedAt", delivery.posted_at},
            {"deadline", delivery.deadline},
            {"direct", delivery.direct},
            {"sentTo", to_json(delivery.sent_to)},
            {"confirms", delivery.confirms},
            {"acknowledgedBy", to_json(delivery.acknowledged_by)},
            {"heldBy", shh.deliveries().holders(delivery)},
            {"reason", text_or_null(delivery.reason)}};
}

}  // namespace

void add_delivery_methods(Dispatcher& dispatcher, Whisper& shh) {
    dispatcher.add("sotto_messageState", [&shh](Client&, const json::array& params) -> Answer {
        SOTTO_CO_TRY(const auto bytes, bytes_param(params, 0));
        if (bytes.size() != whisper::Hash{}.size())
            co_return fail(Errc::malformed, "invalid hash: 32 bytes are expected");
        const auto* delivery = shh.deliveries().find(first_bytes<32>(bytes));
        if (!delivery) co_return fail(Errc::not_found, "no message of this hash was posted here lately");
        co_return to_json(*delivery, shh);
    });
}

Subscription log_states(EventLog& log, Whisper& shh) {
    return shh.deliveries().changes().subscribe([&log, &shh](const Delivery& delivery) {
        log.add(EventKind::states, to_json(delivery, shh), to_hex_prefixed(delivery.id));
    });
}

}  // namespace sotto::rpc
