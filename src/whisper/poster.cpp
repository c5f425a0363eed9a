// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "whisper/poster.hpp"

#include <charconv>
#include <cmath>

#include "base/log.hpp"
#include "crypto/hash.hpp"
#include "whisper/session.hpp"

namespace sotto::whisper {
namespace {

constexpr std::uint32_t kDefaultTtl = 50;
constexpr Duration kLookPeriod = std::chrono::seconds(1);
constexpr Duration kSealAgainLimit = std::chrono::seconds(5);
/// What a peer may ask of us beyond our own minimum: geth's default, or ten times ours.
constexpr double kCommonMinPow = 0.2;

Error error_of(Verdict verdict) {
    switch (verdict) {
        case Verdict::too_large:
            return {Errc::invalid_argument, "huge messages are not allowed"};
        case Verdict::low_pow:
            return {Errc::invalid_argument, "message rejected, PoW too low"};
        case Verdict::pool_full:
            return {Errc::busy, std::string(to_string(verdict))};
        default:
            return {Errc::invalid_argument, std::string(to_string(verdict))};
    }
}

/// The shortest that reads back as the same.
std::string number_text(double value) {
    char text[32];
    return {text, std::to_chars(std::begin(text), std::end(text), value).ptr};
}

Error unknown_peer(const crypto::PeerId& peer) {
    return {Errc::not_found, "could not find peer with ID: " + peer.to_string()};
}

Result<Point> parse_receiver(BytesView key) {
    constexpr std::size_t kUncompressed = 65;
    if (key.size() == kUncompressed) {
        if (auto point = crypto::secp256k1::parse_point(key)) return *point;
    }
    return fail(Errc::invalid_argument, "invalid public key");
}

}  // namespace

Poster::Poster(Engine& engine, const KeyStore& keys)
    : engine_(engine), keys_(keys), deliveries_(engine.config().limits.deliveries) {
    engine_events_ = engine_.events().subscribe([this](const EnvelopeEvent& event) { on_event(event); });
    ticks_ = engine_.ticks().subscribe([this] { expire(); });
    changes_ = deliveries_.changes().subscribe([this](const Delivery& delivery) { note(delivery); });
    if (auto* journal = engine_.config().journal) {
        forgotten_ = deliveries_.forgotten().subscribe([journal](const Hash& id) { journal->remove(id); });
    }
}

// ---- posting ----

Result<void> Poster::check(const NewMessage& message) const {
    const bool symmetric = !message.sym_key_id.empty();
    if (symmetric == !message.public_key.empty()) {
        return fail(Errc::invalid_argument, "specify either a symmetric or an asymmetric key");
    }
    if (symmetric && message.topic == Topic{}) return fail(Errc::invalid_argument, "missing topic(s)");
    if (message.ttl > kMaxTtl) {
        return fail(Errc::invalid_argument, "ttl above " + std::to_string(kMaxTtl) + " seconds");
    }
    if (!std::isfinite(message.pow_target)) return fail(Errc::invalid_argument, "the PoW target is no number");
    if (message.ticket.size() > NewMessage::kMaxTicket) return fail(Errc::invalid_argument, "the ticket is too long");
    if (deliveries_.full()) return fail(Errc::busy, "too many messages are under way");
    if (message.target_peer) {
        if (engine_.find_session(*message.target_peer)) return {};
        return fail(unknown_peer(*message.target_peer));
    }
    if (message.pow_target < engine_.min_pow()) return fail(error_of(Verdict::low_pow));
    return {};
}

Result<Bytes> Poster::encrypt(const NewMessage& message, const Secret* signer) const {
    auto& random = *engine_.env().random;
    if (message.payload.size() + message.padding.size() > kMaxEnvelopeSize) return fail(error_of(Verdict::too_large));
    SOTTO_TRY(const auto plain, encode_plaintext(message.payload, message.padding, signer, random));
    if (message.sym_key_id.empty()) {
        SOTTO_TRY(const auto to, parse_receiver(message.public_key));
        return seal_asymmetric(to, plain, random);
    }
    const auto* key = keys_.symmetric(message.sym_key_id);
    if (!key) return fail(Errc::not_found, "non-existent key ID");
    return seal_symmetric(*key, plain, random);
}

SealOrder Poster::order_for(const NewMessage& message, Bytes data) const {
    SealOrder order;
    order.data = std::move(data);
    order.ttl = message.ttl == 0 ? kDefaultTtl : message.ttl;
    order.topic = message.topic;
    order.pow = message.pow_target;
    order.limit = std::chrono::seconds(message.pow_time);
    order.rule = engine_.config().rule;
    const auto working = message.pow_target < 0 ? message.pow_time : 0;
    order.expiry = static_cast<std::uint32_t>(engine_.env().clock->wall().seconds() + order.ttl + working);
    return order;
}

Task<Result<Hash>> Poster::post(NewMessage message, const Secret* signer) {
    SOTTO_CO_CHECK(check(message));
    SOTTO_CO_TRY(auto data, encrypt(message, signer));
    if (data.size() > engine_.terms().max_size) co_return fail(error_of(Verdict::too_large));
    // Before it is worked for, and written to the disk.
    const bool no_room = !message.target_peer && std::as_const(engine_).pool().refuses_own(data.size());
    if (no_room) co_return fail(error_of(Verdict::pool_full));
    auto order = order_for(message, std::move(data));
    Delivery delivery;
    delivery.posted_at = static_cast<std::uint32_t>(engine_.env().clock->wall().seconds());
    delivery.deadline = order.expiry;
    delivery.direct = message.target_peer.has_value();
    delivery.topic = message.topic;
    delivery.ticket = message.ticket;
    // What peers' minimums are compared with: by the old rule it is worth what luck gave it.
    delivery.pow = order.rule == PowRule::legacy ? 0 : order.pow;
    deliveries_.announce(delivery);
    const auto queued = delivery;
    const auto rlp = co_await seal_and_keep(delivery, std::move(order));
    if (!rlp) {
        refuse(queued, rlp.error());
        co_return fail(rlp.error());
    }
    SOTTO_CO_TRY(const auto envelope, decode_envelope(*rlp));
    const auto id = delivery.id;
    deliveries_.add(std::move(delivery));
    const auto handed = hand_over(id, envelope, message);
    if (handed) co_return id;
    deliveries_.fail(id, handed.error().detail());
    co_return fail(handed.error());
}

/// Tells who follows the ticket; the poster itself is told by the error.
void Poster::refuse(Delivery queued, const Error& why) {
    queued.state = DeliveryState::failed;
    queued.reason = why.detail();
    deliveries_.announce(queued);
}

Task<Result<Bytes>> Poster::seal_and_keep(Delivery& delivery, SealOrder order) {
    SOTTO_CO_TRY(auto rlp, co_await seal(engine_.env(), std::move(order)));
    delivery.id = crypto::keccak256(rlp);
    delivery.envelopes = {delivery.id};
    delivery.state = DeliveryState::sealed;
    SOTTO_CO_CHECK(co_await keep(delivery, rlp));
    co_return rlp;
}

Task<Result<void>> Poster::keep(const Delivery& delivery, BytesView rlp) {
    auto* journal = engine_.config().journal;
    if (!journal) co_return Result<void>{};
    JournalEntry entry{delivery.id, delivery.deadline, encode_delivery(delivery), {}};
    // A direct message has no second chance: what is left of it after a restart is whether it was sent.
    if (!delivery.direct) entry.envelope = to_bytes(rlp);
    co_return co_await journal->put(std::move(entry));
}

Result<void> Poster::hand_over(const Hash& id, const EnvelopeView& envelope, const NewMessage& message) {
    if (!message.target_peer) {
        const auto verdict = put_into_pool(envelope, engine_.terms());
        if (verdict != Verdict::accepted) return fail(error_of(verdict));
        return {};
    }
    auto* session = engine_.find_session(*message.target_peer);
    if (!session) return fail(unknown_peer(*message.target_peer));
    return session->send_direct(std::make_shared<const Envelope>(envelope, id));
}

Verdict Poster::put_into_pool(const EnvelopeView& envelope, Terms terms) {
    // Our own topics need not be among those that we listen to.
    terms.bloom = Bloom::full();
    return engine_.take(envelope, terms, nullptr);
}

/// What was accepted once stays so, whatever the limits and the clock are by now.
Terms Poster::terms_for_kept(const EnvelopeView& envelope) const {
    auto terms = engine_.terms();
    terms.now = std::max(terms.now, envelope.sent());
    terms.min_pow = 0;
    terms.max_size = kMaxEnvelopeSize;
    return terms;
}

Result<Hash> Poster::post_envelope(BytesView rlp) {
    SOTTO_TRY(const auto envelope, decode_envelope(rlp));
    const auto verdict = engine_.take(envelope, engine_.terms(), nullptr);
    if (verdict != Verdict::accepted && verdict != Verdict::duplicate) return fail(error_of(verdict));
    return crypto::keccak256(rlp);
}

// ---- following ----

void Poster::on_event(const EnvelopeEvent& event) {
    if (deliveries_.empty()) return;
    switch (event.kind) {
        case EnvelopeEvent::Kind::sent:
            return deliveries_.on_sent(event.hash, *event.peer, event.batch != nullptr);
        case EnvelopeEvent::Kind::acknowledged:
            return deliveries_.on_acknowledged(event.hash, *event.peer);
        case EnvelopeEvent::Kind::rejected:
            return deliveries_.on_rejected(event.hash, *event.peer, event.reason);
        case EnvelopeEvent::Kind::undeliverable:
            return deliveries_.fail(event.hash, event.reason);
        case EnvelopeEvent::Kind::accepted:
        case EnvelopeEvent::Kind::expired:
            return;
    }
}

void Poster::note(const Delivery& delivery) {
    auto* journal = engine_.config().journal;
    const bool as_it_was_put = delivery.state == DeliveryState::sealed && delivery.reason.empty();
    if (!journal || delivery.envelopes.empty() || as_it_was_put) return;
    journal->update({delivery.id, delivery.deadline, encode_delivery(delivery), {}});
}

void Poster::restore(const std::vector<JournalEntry>& entries) {
    for (const auto& entry : entries) restore_one(entry);
    expire();
}

void Poster::restore_one(const JournalEntry& entry) {
    auto delivery = decode_delivery(entry.record);
    if (!delivery) {
        log::warn("whisper", "a record in the outbox cannot be read", {{"id", to_hex(BytesView(entry.id))}});
        return;
    }
    const bool lost = delivery->direct && delivery->state < DeliveryState::sent;
    const bool ended = delivery->state >= DeliveryState::expired;
    const auto envelope = decode_envelope(entry.envelope);
    if (envelope) delivery->topic = envelope->topic;
    deliveries_.add(std::move(*delivery));
    if (lost) return deliveries_.fail(entry.id, "the node was restarted before it was sent");
    // Those that have ended, or whose time is over, are kept for who asks.
    if (ended || !envelope) return;
    const auto verdict = put_into_pool(*envelope, terms_for_kept(*envelope));
    if (verdict == Verdict::pool_full) deliveries_.fail(entry.id, to_string(verdict));
}

void Poster::expire() {
    deliveries_.expire(engine_.env().clock->wall().seconds(),
                       [this](const Delivery& delivery) { return why_unsent(delivery); });
}

/// By the peers of this moment.
std::string Poster::why_unsent(const Delivery& delivery) const {
    if (delivery.direct) return "its peer did not take it in time";
    if (engine_.session_count() == 0) return "no peer could be reached in time";
    const auto asked = engine_.least_min_pow(delivery.topic);
    if (!asked) return "no peer wants its topic";
    if (delivery.pow > 0 && *asked > delivery.pow) {
        return "every peer asks for more proof of work: " + number_text(*asked) + " at least";
    }
    return "no peer took it in time";
}

// ---- sealing again ----

Task<void> Poster::serve() {
    for (;;) {
        for (const auto& id : deliveries_.waiting()) {
            const auto* delivery = deliveries_.find(id);
            const auto pow = delivery ? needed_pow(*delivery) : std::nullopt;
            if (pow) co_await seal_again(id, *pow);
        }
        co_await sleep_for(*engine_.env().clock, kLookPeriod);
    }
}

/// Nothing when a peer takes it as it is, or none is connected, or all ask for too much.
std::optional<double> Poster::needed_pow(const Delivery& delivery) const {
    const auto wall = engine_.env().clock->wall().seconds();
    if (wall + 1 >= delivery.deadline || delivery.envelopes.size() >= Delivery::kMaxEnvelopes) return std::nullopt;
    const auto* entry = engine_.pool().find(delivery.envelopes.back());
    if (!entry) return std::nullopt;
    const auto asked = engine_.least_min_pow(entry->envelope->view().topic);
    if (!asked || entry->work.eip627 >= *asked || *asked <= delivery.pow) return std::nullopt;
    // By halves, or a peer that asks for a little less each time would make us work for ever.
    const double most = std::min(std::max(kCommonMinPow, 10 * engine_.min_pow()), delivery.out_of_reach / 2);
    return *asked > most ? std::nullopt : asked;
}

Task<void> Poster::seal_again(Hash id, double pow) {
    const auto* delivery = deliveries_.find(id);
    const auto* entry = engine_.pool().find(delivery->envelopes.back());
    const auto old = entry->envelope;
    SealOrder order;
    order.expiry = delivery->deadline;
    order.ttl = static_cast<std::uint32_t>(delivery->deadline - engine_.env().clock->wall().seconds());
    order.topic = old->view().topic;
    order.data = to_bytes(old->view().data);
    order.pow = pow;
    order.limit = kSealAgainLimit;
    const auto sealed = co_await seal(engine_.env(), std::move(order));
    if (!sealed) {
        log::debug("whisper", "a message could not be sealed again", {{"error", sealed.error().message()}});
        deliveries_.note_out_of_reach(id, pow);
        co_return;
    }
    const auto hash = crypto::keccak256(*sealed);
    deliveries_.add_envelope(id, hash, pow);
    delivery = deliveries_.find(hash);
    const auto envelope = decode_envelope(*sealed);
    if (!delivery || !envelope) co_return;
    if (auto* journal = engine_.config().journal) {
        journal->update({id, delivery->deadline, encode_delivery(*delivery), *sealed});
    }
    (void)put_into_pool(*envelope, terms_for_kept(*envelope));
}

}  // namespace sotto::whisper
