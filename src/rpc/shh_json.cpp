// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/shh_json.hpp"

#include <boost/json.hpp>
#include <limits>

#include "rpc/params.hpp"

namespace sotto::rpc {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxTopics = 1000;  // of one filter
constexpr auto kMaxU32 = std::numeric_limits<std::uint32_t>::max();

Result<whisper::Topic> parse_topic(BytesView bytes) {
    if (bytes.size() != 4) return fail(Errc::malformed, "invalid topic: 4 bytes are expected");
    return first_bytes<4>(bytes);
}

}  // namespace

boost::json::object to_json(const whisper::ReceivedMessage& message) {
    boost::json::object object{{"ttl", message.ttl},
                               {"timestamp", message.timestamp},
                               {"topic", to_hex_prefixed(message.topic)},
                               {"payload", to_hex_prefixed(message.payload)},
                               {"padding", to_hex_prefixed(message.padding)},
                               {"pow", message.pow},
                               {"hash", to_hex_prefixed(message.hash)}};
    if (message.source) object["sig"] = to_hex_prefixed(crypto::secp256k1::uncompressed(*message.source));
    if (message.recipient) {
        object["recipientPublicKey"] = to_hex_prefixed(crypto::secp256k1::uncompressed(*message.recipient));
    }
    return object;
}

Result<whisper::Criteria> parse_criteria(const boost::json::object& object) {
    whisper::Criteria criteria;
    SOTTO_TRY(criteria.sym_key_id, string_field(object, "symKeyID"));
    SOTTO_TRY(criteria.private_key_id, string_field(object, "privateKeyID"));
    SOTTO_TRY(criteria.sig, bytes_field(object, "sig"));
    SOTTO_TRY(criteria.min_pow, number_field(object, "minPow"));
    SOTTO_TRY(criteria.allow_p2p, bool_field(object, "allowP2P"));
    const auto* topics = object.if_contains("topics");
    if (!topics || topics->is_null()) return criteria;
    if (!topics->is_array()) return fail(Errc::malformed, "invalid topics: an array is expected");
    if (topics->get_array().size() > kMaxTopics) return fail(Errc::malformed, "invalid topics: 1000 at most");
    for (std::size_t i = 0; i < topics->get_array().size(); ++i) {
        SOTTO_TRY(const auto bytes, bytes_param(topics->get_array(), i));
        SOTTO_TRY(criteria.topics.emplace_back(), parse_topic(bytes));
    }
    return criteria;
}

Result<whisper::NewMessage> parse_message(const boost::json::object& object) {
    whisper::NewMessage message;
    SOTTO_TRY(message.sym_key_id, string_field(object, "symKeyID"));
    SOTTO_TRY(message.public_key, bytes_field(object, "pubKey"));
    SOTTO_TRY(message.sig, string_field(object, "sig"));
    SOTTO_TRY(const auto ttl, uint_field(object, "ttl", kMaxU32));
    SOTTO_TRY(const auto topic, bytes_field(object, "topic"));
    SOTTO_TRY(message.payload, bytes_field(object, "payload"));
    SOTTO_TRY(message.padding, bytes_field(object, "padding"));
    SOTTO_TRY(const auto pow_time, uint_field(object, "powTime", kMaxU32));
    SOTTO_TRY(message.pow_target, number_field(object, "powTarget"));
    SOTTO_TRY(const auto target_peer, string_field(object, "targetPeer"));
    SOTTO_TRY(message.ticket, string_field(object, "ticket"));
    message.ttl = static_cast<std::uint32_t>(ttl);
    message.pow_time = static_cast<std::uint32_t>(pow_time);
    if (!topic.empty()) {
        SOTTO_TRY(message.topic, parse_topic(topic));
    }
    if (!target_peer.empty()) {
        SOTTO_TRY(const auto address, net::parse_address(target_peer));
        SOTTO_TRY(message.target_peer, crypto::PeerId::decode(address.peer_id()));
    }
    return message;
}

std::string make_notification(std::string_view method, const std::string& id, boost::json::object params) {
    params["subscription"] = id;
    json::object message{{"jsonrpc", "2.0"}, {"method", method}};
    message["params"] = std::move(params);
    return json::serialize(message);
}

}  // namespace sotto::rpc
