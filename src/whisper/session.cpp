// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "whisper/session.hpp"

#include <algorithm>
#include <utility>

#include "base/task_group.hpp"
#include "base/this_executor.hpp"
#include "codec/rlp.hpp"

namespace sotto::whisper {
namespace {

constexpr Duration kHandshakeLimit = std::chrono::seconds(5);
constexpr std::size_t kSliceBytes = 64 * 1024;
constexpr Duration kSaturatedPause = std::chrono::milliseconds(5);
constexpr std::size_t kMaxDirectBytes = std::size_t{4} << 20;
/// What a new peer passes on at first lay in its pool: its age says nothing about our clock.
constexpr Duration kBacklogTime = std::chrono::minutes(1);
/// RLP of one error of a batch, at least: more of them than fit the size of the batch need not be counted.
constexpr std::size_t kSmallestError = 48;
constexpr std::size_t kMaxUnconfirmedBatches = 64;
constexpr std::size_t kMaxUnconfirmedHashes = 16'384;
/// A peer that confirms batches does so in milliseconds; the answer may be lost, or wait behind a large one.
constexpr Duration kConfirmationPatience = std::chrono::seconds(10);
/// Between tries of what a peer does not take, doubled each time.
constexpr Duration kFirstPause = std::chrono::seconds(1);
constexpr Duration kLongestPause = std::chrono::minutes(1);

EnvelopeError error_of(const Hash& hash, Verdict verdict) {
    const bool clock = verdict == Verdict::from_future || verdict == Verdict::very_old;
    return {hash, clock ? kErrorTimeNotSynced : kErrorOther, std::string(to_string(verdict))};
}

/// Whether we have the envelope, so that it may be confirmed.
bool has(Verdict verdict) noexcept {
    return verdict == Verdict::accepted || verdict == Verdict::duplicate;
}

}  // namespace

Task<Result<Status>> exchange_status(Env env, net::MessageStream& stream, Status ours) {
    const auto deadline = env.clock->after(
        kHandshakeLimit, [&stream] { stream.close(Error(Errc::timed_out, "no Whisper status from the peer")); });
    const Bytes payload = encode_status(ours);
    const BytesView pieces[] = {payload};
    SOTTO_CO_CHECK(co_await stream.write(code::kStatus, pieces));
    SOTTO_CO_TRY(const auto message, co_await stream.read());
    if (message.code != code::kStatus) co_return fail(Errc::misbehaved, "a message before the Whisper status");
    co_return decode_status(message.payload);
}

Session::Session(Engine& engine, net::MessageStream& stream, const Status& ours, const Status& theirs)
    : engine_(engine),
      stream_(stream),
      outbox_(engine.pool(),
              {theirs.min_pow, theirs.bloom, engine.config().light_client},
              engine.env().clock->now(),
              engine.address_of(stream.peer().id)),
      wake_(engine.env().executor),
      allowance_(engine.config().limits.rates_per_peer),
      address_allowance_(engine.allowance_of(stream.peer().id)),
      confirms_(ours.confirmations && theirs.confirmations),
      since_(engine.env().clock->now()),
      told_min_pow_(ours.min_pow),
      told_bloom_(ours.bloom),
      told_rates_(ours.rates),
      retry_pause_(kFirstPause) {
    set_pace(theirs.rates);
    engine_.attach(*this);
}

Session::~Session() {
    engine_.detach(*this);
    for (const auto& envelope : direct_) {
        engine_.events().emit({.kind = EnvelopeEvent::Kind::undeliverable,
                               .hash = envelope->hash(),
                               .peer = &peer(),
                               .reason = "the peer was lost before it was sent"});
    }
}

Task<Result<void>> Session::run() {
    auto body = [this](TaskGroup& group) -> Task<Result<void>> {
        group.spawn(drive_outbox());
        auto ended = co_await read_messages();
        stop(ended ? Error(Errc::closed) : ended.error());
        co_await group.wait_all();
        co_return ended;
    };
    co_return co_await with_group(engine_.env(), 1, std::ref(body));
}

void Session::stop(const Error& why) noexcept {
    stopping_ = true;
    stream_.close(why);
    wake_.notify();
}

void Session::on_added(const Pool::Entry& entry, std::uint64_t wall_seconds, TimePoint now) {
    if (outbox_.on_added(entry, wall_seconds, now)) wake_.notify();
}

void Session::set_own_only(bool own_only) {
    outbox_.set_own_only(own_only, engine_.env().clock->now());
    wake_.notify();
}

void Session::set_suspect(bool suspect) {
    suspect_ = suspect;
    wake_.notify();
}

void Session::set_pace(const std::optional<PacketRates>& rates) {
    const auto limit = rates ? rates->strictest() : 0;
    pace_ = TokenBucket(limit == 0 ? TokenBucket::kUnlimited : static_cast<double>(limit), kBurst);
}

Result<void> Session::send_direct(SharedEnvelope envelope) {
    const auto size = envelope->raw().size();
    if (!direct_.empty() && direct_bytes_ + size > kMaxDirectBytes) {
        return fail(Errc::busy, "too much is waiting for this peer");
    }
    direct_.push_back(std::move(envelope));
    direct_bytes_ += size;
    wake_.notify();
    return {};
}

Task<Result<void>> Session::read_messages() {
    for (;;) {
        SOTTO_CO_TRY(const auto message, co_await stream_.read());
        std::vector<BytesView> envelopes;
        if (message.code == code::kMessages) {
            SOTTO_CO_TRY(envelopes, split_envelopes(message.payload, false));
        }
        const Load load{static_cast<double>(envelopes.size()), static_cast<double>(message.payload.size())};
        const bool admitted = co_await admit(load);
        if (admitted) SOTTO_CO_CHECK(co_await handle(message, envelopes));
    }
}

Task<bool> Session::admit(Load load) {
    bool dropped = false;
    auto wait = Duration::zero();
    for (auto* allowance : {&allowance_, address_allowance_.get()}) {
        if (!allowance) continue;
        const auto owed = allowance->charge(load, engine_.env().clock->now());
        dropped = dropped || !owed;
        wait = std::max(wait, owed.value_or(Allowance::kMaxWait));
    }
    if (dropped) ++engine_.counters().packets_dropped;
    if (wait == Duration::zero()) co_return true;
    ++engine_.counters().packets_delayed;
    co_await sleep_for(*engine_.env().clock, wait);
    co_return !dropped;
}

Task<Result<void>> Session::handle(const net::Message& message, std::span<const BytesView> envelopes) {
    switch (message.code) {
        case code::kMessages:
            co_return co_await on_batch(message.payload, envelopes);
        case code::kPowRequirement:
        case code::kBloom:
        case code::kRateLimits:
            co_return on_terms(message);
        case code::kBatchAck:
        case code::kBatchResponse:
            co_return on_confirmation(message);
        case code::kDirect:
            co_return co_await on_direct(message.payload);
        case code::kMailSyncRequest:
        case code::kMailSyncResponse:
        case code::kMailComplete:
        case code::kMailRequest:
            co_return co_await hand_to_mail(engine_.mail(), *this, message);
        default:
            // A second status and whatever may come: not ours to judge.
            co_return Result<void>{};
    }
}

Task<Result<void>> Session::on_batch(BytesView payload, std::span<const BytesView> items) {
    auto terms = engine_.terms();
    Slice slice(*engine_.env().clock);
    std::vector<EnvelopeError> errors;
    const bool past_backlog = engine_.env().clock->now() - since_ >= kBacklogTime;
    for (const auto& item : items) {
        SOTTO_CO_TRY(const auto envelope, decode_envelope(item));
        if (past_backlog) note_lag(envelope, terms.now);
        const auto verdict = engine_.take(envelope, terms, this);
        if (confirms_ && !has(verdict) && errors.size() <= payload.size() / kSmallestError) {
            errors.push_back(error_of(crypto::keccak256(item), verdict));
        }
        if (!slice.used_up_by(item.size())) continue;
        co_await let_others_run(slice);
        terms = engine_.terms();
    }
    if (confirms_) co_return co_await confirm(payload, std::move(errors));
    co_return Result<void>{};
}

void Session::note_lag(const EnvelopeView& envelope, std::uint64_t wall_seconds) {
    lags_.add(static_cast<std::int64_t>(wall_seconds) - static_cast<std::int64_t>(envelope.sent()));
}

Task<Result<void>> Session::on_direct(BytesView payload) {
    if (!engine_.trusts(peer())) co_return Result<void>{};
    SOTTO_CO_TRY(const auto items, split_envelopes(payload, true));
    Slice slice(*engine_.env().clock);
    for (const auto& item : items) {
        SOTTO_CO_TRY(const auto envelope, decode_envelope(item));
        engine_.take_direct(envelope);
        if (slice.used_up_by(item.size())) co_await let_others_run(slice);
    }
    co_return Result<void>{};
}

bool Session::Slice::used_up_by(std::size_t size) {
    bytes += size;
    return bytes >= kSliceBytes || clock.get().now() >= end;
}

Task<void> Session::let_others_run(Slice& slice) {
    co_await yield_now();
    while (engine_.opener().saturated()) co_await sleep_for(*engine_.env().clock, kSaturatedPause);
    slice = Slice(slice.clock);
}

Task<Result<void>> Session::confirm(BytesView payload, std::vector<EnvelopeError> errors) {
    const BatchResponse response{crypto::keccak256(payload), std::move(errors)};
    const Bytes detailed = encode_batch_response(response);
    // An answer must not be larger than what it answers, and one that names only some errors confirms the others.
    const bool larger = !response.errors.empty() && detailed.size() > payload.size();
    if (larger) co_return Result<void>{};
    SOTTO_CO_CHECK(co_await write(code::kBatchResponse, detailed));
    const Bytes plain = encode_batch_ack(response.batch);
    co_return co_await write(code::kBatchAck, plain);
}

Result<void> Session::on_terms(const net::Message& message) {
    const auto now = engine_.env().clock->now();
    if (message.code == code::kPowRequirement) {
        SOTTO_TRY(const double pow, decode_pow_requirement(message.payload));
        outbox_.set_min_pow(pow, now);
    } else if (message.code == code::kRateLimits) {
        SOTTO_TRY(const auto rates, decode_rates(message.payload));
        set_pace(rates);
    } else {
        SOTTO_TRY(const Bloom bloom, decode_bloom(message.payload));
        outbox_.set_bloom(bloom, now);
    }
    wake_.notify();
    return {};
}

Result<void> Session::on_confirmation(const net::Message& message) {
    if (message.code == code::kBatchAck) {
        SOTTO_TRY(const auto batch, decode_batch_ack(message.payload));
        settle({batch, {}});
        return {};
    }
    SOTTO_TRY(auto response, decode_batch_response(message.payload));
    if (response) settle(std::move(*response));
    return {};
}

void Session::settle(BatchResponse response) {
    const auto it = std::ranges::find(unconfirmed_, response.batch, &Unconfirmed::batch);
    if (it == unconfirmed_.end()) return;
    const auto envelopes = std::move(it->envelopes);
    unconfirmed_.erase(it);
    unconfirmed_hashes_ -= envelopes.size();
    std::ranges::sort(response.errors, {}, &EnvelopeError::hash);
    for (const auto& hash : envelopes) {
        const auto error = std::ranges::lower_bound(response.errors, hash, {}, &EnvelopeError::hash);
        if (error != response.errors.end() && error->hash == hash) {
            on_refusal(*error, response.batch);
            continue;
        }
        engine_.events().emit(
            {.kind = EnvelopeEvent::Kind::acknowledged, .hash = hash, .peer = &peer(), .batch = &response.batch});
    }
}

void Session::on_refusal(const EnvelopeError& error, const Hash& batch) {
    note_untaken(error.hash);
    engine_.events().emit({.kind = EnvelopeEvent::Kind::rejected,
                           .hash = error.hash,
                           .peer = &peer(),
                           .batch = &batch,
                           .reason = error.description});
}

bool Session::posted_here(const Hash& envelope) const {
    const auto* entry = std::as_const(engine_).pool().find(envelope);
    return entry && entry->own();
}

void Session::note_untaken(const Hash& envelope) {
    if (untaken_.size() < kMaxUnconfirmedHashes && posted_here(envelope)) untaken_.push_back(envelope);
}

void Session::forget_oldest_unconfirmed() {
    for (const auto& hash : unconfirmed_.front().envelopes) note_untaken(hash);
    unconfirmed_hashes_ -= unconfirmed_.front().envelopes.size();
    unconfirmed_.erase(unconfirmed_.begin());
}

void Session::retry_untaken() {
    const auto now = engine_.env().clock->now();
    while (!unconfirmed_.empty() && now - unconfirmed_.front().sent >= kConfirmationPatience) {
        forget_oldest_unconfirmed();
    }
    if (untaken_.empty() && now >= retry_due_ + kLongestPause) retry_pause_ = kFirstPause;
    if (untaken_.empty() || now < retry_due_) return;
    outbox_.send_again(std::exchange(untaken_, {}), now);
    retry_due_ = now + retry_pause_;
    retry_pause_ = std::min(2 * retry_pause_, kLongestPause);
    wake_.notify();
}

Task<void> Session::drive_outbox() {
    const auto& clock = *engine_.env().clock;
    while (!stopping_) {
        const auto sent = co_await send_next();
        if (!sent) {
            stop(sent.error());
            co_return;
        }
        if (*sent) {
            co_await yield_now();
            continue;
        }
        Timer timer;
        if (const auto due = next_due()) {
            timer = engine_.env().clock->after(*due - clock.now(), [this] { wake_.notify(); });
        }
        co_await wake_.wait();
    }
}

std::optional<TimePoint> Session::next_due() const noexcept {
    const auto due = outbox_.next_due();
    if (suspect_ || !due) return std::nullopt;
    return std::max(*due, pace_due_);
}

Task<Result<bool>> Session::tell_terms() {
    if (told_min_pow_ != engine_.min_pow()) {
        told_min_pow_ = engine_.min_pow();
        const Bytes payload = encode_pow_requirement(told_min_pow_);
        SOTTO_CO_CHECK(co_await write(code::kPowRequirement, payload));
        co_return true;
    }
    if (told_bloom_ != engine_.bloom()) {
        told_bloom_ = engine_.bloom();
        const Bytes payload = encode_bloom(told_bloom_);
        SOTTO_CO_CHECK(co_await write(code::kBloom, payload));
        co_return true;
    }
    if (const auto& rates = engine_.config().limits.announced_rates; told_rates_ != rates) {
        told_rates_ = rates;
        const Bytes payload = encode_rates(rates.value_or(PacketRates{}));
        SOTTO_CO_CHECK(co_await write(code::kRateLimits, payload));
        co_return true;
    }
    co_return false;
}

Task<Result<bool>> Session::send_next() {
    if (suspect_) co_return false;
    SOTTO_CO_TRY(const bool told, co_await tell_terms());
    if (told) co_return true;
    if (!direct_.empty()) {
        const auto envelope = direct_.front();
        SOTTO_CO_CHECK(co_await write(code::kDirect, envelope->raw()));
        direct_.pop_front();
        direct_bytes_ -= envelope->raw().size();
        engine_.events().emit(
            {.kind = EnvelopeEvent::Kind::sent, .hash = envelope->hash(), .peer = &peer(), .envelope = &envelope});
        co_return true;
    }
    if (pace_due_ > engine_.env().clock->now()) co_return false;
    const auto batch = outbox_.take(engine_.env().clock->wall().seconds(), engine_.env().clock->now());
    if (!batch) co_return false;
    if (!batch->envelopes.empty()) SOTTO_CO_CHECK(co_await send_batch(*batch));
    co_return true;
}

Task<Result<void>> Session::send_batch(const Outbox::Batch& batch) {
    Bytes header;
    rlp::append_header(header, true, batch.bytes);
    std::vector<BytesView> pieces{header};
    pieces.reserve(batch.envelopes.size() + 1);
    for (const auto& envelope : batch.envelopes) pieces.push_back(envelope->raw());

    Hash hash{};
    if (confirms_) {
        hash = crypto::keccak256(Buffers(pieces));
        remember(hash, batch);
    }
    SOTTO_CO_CHECK(co_await write(code::kMessages, Buffers(pieces)));
    engine_.counters().sent += batch.envelopes.size();
    for (const auto& envelope : batch.envelopes) {
        engine_.events().emit({.kind = EnvelopeEvent::Kind::sent,
                               .hash = envelope->hash(),
                               .peer = &peer(),
                               .batch = confirms_ ? &hash : nullptr,
                               .envelope = &envelope});
    }
    co_return Result<void>{};
}

void Session::remember(const Hash& batch, const Outbox::Batch& envelopes) {
    Unconfirmed entry{batch, engine_.env().clock->now(), {}};
    entry.envelopes.reserve(envelopes.envelopes.size());
    for (const auto& envelope : envelopes.envelopes) entry.envelopes.push_back(envelope->hash());
    unconfirmed_hashes_ += entry.envelopes.size();
    unconfirmed_.push_back(std::move(entry));
    while (unconfirmed_.size() > 1 &&
           (unconfirmed_.size() > kMaxUnconfirmedBatches || unconfirmed_hashes_ > kMaxUnconfirmedHashes)) {
        forget_oldest_unconfirmed();
    }
}

Task<Result<void>> Session::write(net::Code code, BytesView payload) {
    const BytesView pieces[] = {payload};
    co_return co_await write(code, Buffers(pieces));
}

Task<Result<void>> Session::write(net::Code code, Buffers payload) {
    const auto now = engine_.env().clock->now();
    pace_due_ = now + pace_.debt_after(1, now);
    pace_.take(1);
    const auto stall = engine_.env().clock->after(
        kStallLimit, [this] { stream_.close(Error(Errc::timed_out, "the peer does not take what we send")); });
    co_return co_await stream_.write(code, payload);
}

}  // namespace sotto::whisper
