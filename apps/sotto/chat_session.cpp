// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "chat_session.hpp"

#include <algorithm>

namespace sotto::app {
namespace {

// As Status's own API posts.
constexpr std::uint32_t kTtl = 10;
constexpr double kPow = 0.002;
constexpr std::uint32_t kPowSeconds = 1;
constexpr Duration kPeerPatience = std::chrono::seconds(30);

}  // namespace

ChatSession::ChatSession(node::Node& node, std::string channel, std::string nick, ChatView& view)
    : node_(node),
      channel_(std::move(channel)),
      nick_(std::move(nick)),
      view_(view),
      said_(node.env().executor),
      peer_came_(node.env().executor),
      progress_(node.env().executor) {
    subscriptions_.push_back(node_.host().events().subscribe([this](const node::PeerEvent& event) { on_peer(event); }));
}

Task<Result<void>> ChatSession::join() {
    auto& shh = node_.whisper();
    SOTTO_CO_TRY(sym_key_, co_await shh.generate_sym_key_from_password(channel_));
    SOTTO_CO_TRY(signing_key_, co_await shh.new_key_pair());
    SOTTO_CO_TRY(own_key_, co_await shh.get_public_key(signing_key_));
    if (nick_.empty()) nick_ = to_hex(BytesView(own_key_).subspan(1, 4));
    whisper::Criteria criteria;
    criteria.sym_key_id = sym_key_;
    criteria.topics = {chat::channel_topic(channel_)};
    auto handler = [this](const whisper::SharedMessage& message) { on_received(message); };
    SOTTO_CO_TRY(auto subscription, co_await shh.subscribe(std::move(criteria), handler));
    subscriptions_.push_back(std::move(subscription));
    subscriptions_.push_back(
        shh.events().subscribe([this](const whisper::EnvelopeEvent& event) { on_envelope(event); }));
    co_return Result<void>{};
}

void ChatSession::on_received(const whisper::SharedMessage& message) {
    const auto own = first_bytes<64>(BytesView(own_key_).subspan(1));
    if (message->source == own) return;
    const auto decoded = chat::decode_message(message->payload);
    if (!decoded || decoded->kind != chat::Kind::channel) return;
    last_clock_ = std::max(last_clock_, std::min(decoded->clock, ~std::uint64_t{0} - 1));
    auto nick = decoded->nick;
    if (nick.empty()) nick = message->source ? to_hex(BytesView(*message->source).first(4)) : "anonymous";
    view_.on_message(nick, decoded->text, node_.env().clock->wall().milliseconds());
}

void ChatSession::on_peer(const node::PeerEvent& event) {
    const auto address = event.remote.to_string();
    if (event.kind == node::PeerEvent::Kind::connected) {
        ++peers_;
        peer_came_.notify();
        view_.on_state("connected over " + std::string(net::to_string(event.network)) + " to " + address);
    } else {
        --peers_;
        view_.on_state("lost " + address + " (" + (event.reason ? event.reason->message() : std::string("closed")) +
                       "); dialling again");
    }
}

void ChatSession::on_envelope(const whisper::EnvelopeEvent& event) {
    using Kind = whisper::EnvelopeEvent::Kind;
    const auto it = std::ranges::find(outgoing_, std::optional(event.hash), &Outgoing::hash);
    if (it == outgoing_.end()) return;
    const auto number = static_cast<std::size_t>(it - outgoing_.begin());
    switch (event.kind) {
        case Kind::accepted:
            return;
        case Kind::sent:
            it->confirmed_by_peer = it->confirmed_by_peer || event.batch != nullptr;
            if (it->delivery == Delivery::sealing) set_delivery(number, Delivery::sent);
            break;
        case Kind::acknowledged:
            set_delivery(number, Delivery::acknowledged);
            break;
        case Kind::rejected:
            set_delivery(number, Delivery::failed, "a peer refused it: " + std::string(event.reason));
            break;
        case Kind::expired:
            if (!settled(*it)) set_delivery(number, Delivery::failed, "it expired before a peer had it");
            break;
    }
    progress_.notify();
}

void ChatSession::set_delivery(std::size_t number, Delivery delivery, const std::string& why) {
    auto& message = outgoing_[number];
    // One acknowledgement is enough: what other peers do later changes nothing.
    if (message.delivery == Delivery::acknowledged) return;
    message.delivery = delivery;
    view_.on_delivery(number, delivery, why);
    progress_.notify();
}

std::size_t ChatSession::say(std::string text) {
    outgoing_.push_back({.text = std::move(text), .hash = {}});
    said_.notify();
    return outgoing_.size() - 1;
}

Task<void> ChatSession::deliver() {
    for (;;) {
        while (next_ < outgoing_.size()) co_await post(next_++);
        co_await said_.wait();
    }
}

Task<bool> ChatSession::wait_for_peer() {
    bool late = false;
    const auto timer = node_.env().clock->after(kPeerPatience, [this, &late] {
        late = true;
        peer_came_.notify();
    });
    while (peers_ == 0 && !late) co_await peer_came_.wait();
    co_return peers_ > 0;
}

Task<void> ChatSession::post(std::size_t number) {
    const bool connected = co_await wait_for_peer();
    if (!connected) {
        set_delivery(
            number, Delivery::failed, "no peer could be reached within 30 s; check the address behind --connect");
        co_return;
    }
    auto hash = co_await seal(outgoing_[number].text);
    if (!hash) {
        set_delivery(number, Delivery::failed, hash.error().message());
        co_return;
    }
    outgoing_[number].hash = *hash;
}

Task<Result<whisper::Hash>> ChatSession::seal(std::string text) {
    chat::Message message;
    message.text = std::move(text);
    message.nick = nick_;
    message.milliseconds = node_.env().clock->wall().milliseconds();
    last_clock_ = std::max(last_clock_ + 1, message.milliseconds * 100);
    message.clock = last_clock_;
    whisper::NewMessage post;
    post.sym_key_id = sym_key_;
    post.sig = signing_key_;
    post.ttl = kTtl;
    post.topic = chat::channel_topic(channel_);
    post.payload = chat::encode_message(message);
    post.pow_time = kPowSeconds;
    post.pow_target = kPow;
    return node_.whisper().post(std::move(post));
}

bool ChatSession::settled(const Outgoing& message) const noexcept {
    switch (message.delivery) {
        case Delivery::sealing:
            return false;
        case Delivery::sent:
            return !message.confirmed_by_peer;
        case Delivery::acknowledged:
        case Delivery::failed:
            return true;
    }
    return true;
}

Task<void> ChatSession::settle() {
    while (next_ < outgoing_.size() || !std::ranges::all_of(outgoing_, [this](const auto& m) { return settled(m); })) {
        co_await progress_.wait();
    }
}

bool ChatSession::all_delivered() const noexcept {
    return std::ranges::none_of(outgoing_, [](const auto& m) { return m.delivery == Delivery::failed; });
}

std::vector<std::string> ChatSession::peer_lines() const {
    std::vector<std::string> lines;
    for (const auto& peer : node_.host().peers()) {
        lines.push_back(std::string(net::to_string(peer.info.network)) + "  " + peer.info.remote.to_string() + "  " +
                        peer.info.agent);
    }
    return lines;
}

}  // namespace sotto::app
