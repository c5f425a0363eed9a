// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "messenger/embedded.hpp"

#include "messenger/posting.hpp"
#include "net/peer.hpp"

namespace sotto::messenger {

Embedded::Embedded(node::Node& node) : node_(node) {
    subscriptions_.push_back(node_.host().events().subscribe([this](const node::PeerEvent& event) { on_peer(event); }));
    subscriptions_.push_back(node_.whisper().deliveries().changes().subscribe(
        [this](const whisper::Delivery& delivery) { on_delivery(delivery); }));
}

Task<Result<void>> Embedded::start(const Secret& identity) {
    SOTTO_CO_TRY(identity_id_, co_await node_.whisper().add_private_key(to_bytes(identity)));
    co_return Result<void>{};
}

Result<std::string> Embedded::key_id(const SymmetricKey& key) {
    if (const auto known = key_ids_.find(key); known != key_ids_.end()) return known->second;
    SOTTO_TRY(auto id, node_.whisper().add_sym_key(key));
    return key_ids_.emplace(key, std::move(id)).first->second;
}

Task<Result<std::size_t>> Embedded::listen(Listening listening) {
    whisper::Criteria criteria;
    criteria.topics = listening.topics;
    if (listening.key) {
        SOTTO_CO_TRY(criteria.sym_key_id, key_id(*listening.key));
    } else {
        criteria.private_key_id = identity_id_;
    }
    const auto number = listenings_++;
    auto hand_over = [this, number](const whisper::SharedMessage& message) {
        incoming.emit({number, message->topic, message->source, message->payload});
    };
    SOTTO_CO_TRY(auto subscription, co_await node_.whisper().subscribe(std::move(criteria), std::move(hand_over)));
    subscriptions_.push_back(std::move(subscription));
    co_return number;
}

Task<Result<Hash256>> Embedded::post(Outgoing message) {
    whisper::NewMessage post;
    if (message.key) {
        SOTTO_CO_TRY(post.sym_key_id, key_id(*message.key));
    } else if (message.recipient) {
        post.public_key = to_bytes(crypto::secp256k1::uncompressed(*message.recipient));
    }
    post.sig = identity_id_;
    post.topic = message.topic;
    post.payload = std::move(message.payload);
    post.ttl = kTtl;
    post.pow_time = kPowSeconds;
    post.pow_target = kPow;
    co_return co_await node_.whisper().post(std::move(post));
}

Task<void> Embedded::run() {
    return node_.run();
}

void Embedded::stop() noexcept {
    stopped_ = true;
    node_.stop();
}

Result<void> Embedded::connect(std::string_view address) {
    SOTTO_TRY(const auto parsed, net::parse_address(address));
    return node_.host().add_peer(parsed);
}

void Embedded::on_peer(const node::PeerEvent& event) {
    const auto address = event.remote.to_string();
    if (event.kind == node::PeerEvent::Kind::connected) {
        ++sessions_;
        news.emit("connected over " + std::string(net::to_string(event.network)) + " to " + address);
    } else {
        --sessions_;
        const auto why = event.reason ? event.reason->message() : std::string("closed");
        if (!stopped_) news.emit("lost " + address + " (" + why + "); dialling again");
    }
    peers_changed.emit();
}

/// The one place that knows the engine's delivery states.
void Embedded::on_delivery(const whisper::Delivery& delivery) {
    using State = whisper::DeliveryState;
    switch (delivery.state) {
        case State::queued:
        case State::sealed:
            return;
        case State::sent:
            progress.emit({.hash = delivery.id, .delivery = Delivery::sent, .expects_more = delivery.confirms});
            return;
        case State::acknowledged:
        case State::held:
            progress.emit({.hash = delivery.id, .delivery = Delivery::acknowledged});
            return;
        case State::expired:
        case State::failed:
            progress.emit({.hash = delivery.id, .delivery = Delivery::failed, .why = delivery.reason});
            return;
    }
}

std::vector<Peer> Embedded::peers() const {
    std::vector<Peer> all;
    for (const auto& peer : node_.host().peers()) {
        all.push_back({std::string(net::to_string(peer.info.network)), peer.info.remote.to_string(), peer.info.agent});
    }
    return all;
}

}  // namespace sotto::messenger
