// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "whisper/engine.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "whisper/session.hpp"

namespace sotto::whisper {
namespace {

constexpr Duration kTick = std::chrono::seconds(1);
constexpr Duration kTolerance = std::chrono::seconds(kSyncAllowance);
constexpr Duration kClockCheckPeriod = std::chrono::minutes(1);
constexpr Duration kClockWarningPeriod = std::chrono::minutes(10);
constexpr std::size_t kMaxTrusted = 1024;

}  // namespace

Engine::Engine(Env env, const Config& config)
    : env_(env),
      config_(config),
      pool_(config.limits.pool, env.random->next_u64()),
      opener_(env, config.filters),
      address_allowances_(config.limits.rates_per_address) {
    tick_ = env_.clock->after(kTick, [this] { tick(); });
}

Terms Engine::terms() const {
    Terms terms;
    terms.now = env_.clock->wall().seconds();
    terms.max_size = config_.max_message_size;
    terms.rule = config_.rule;
    terms.min_pow = config_.min_pow;
    terms.bloom = bloom_;
    const auto now = env_.clock->now();
    if (now < min_pow_until_) terms.min_pow = std::min(terms.min_pow, previous_min_pow_);
    if (now < bloom_until_) terms.previous_bloom = previous_bloom_;
    return terms;
}

Verdict Engine::take(const EnvelopeView& view, const Terms& terms, Session* from) {
    const Hash hash = crypto::keccak256(view.raw);
    const Slot slot = from ? from->slot() : kNoSlot;
    if (auto* known = pool_.find(hash)) {
        if (from) known->known_by.set(slot);
        ++counters_.duplicates;
        return Verdict::duplicate;
    }
    const auto checked = verify(view, terms);
    if (checked.verdict != Verdict::accepted) return refuse(checked.verdict);
    auto envelope = std::make_shared<const Envelope>(view, hash);
    if (pool_.add(envelope, checked.work, slot) != Pool::Added::added) {
        return refuse(Verdict::pool_full);
    }
    ++counters_.accepted;
    const auto& entry = *pool_.find(hash);
    const auto now = env_.clock->now();
    for (auto* session : sessions_) session->on_added(entry, terms.now, now);
    opener_.open(envelope, {checked.work.accepted, false});
    events_.emit({.kind = EnvelopeEvent::Kind::accepted,
                  .hash = hash,
                  .peer = from ? &from->peer() : nullptr,
                  .envelope = &envelope});
    return Verdict::accepted;
}

void Engine::take_direct(const EnvelopeView& view) {
    const auto envelope = std::make_shared<const Envelope>(view, crypto::keccak256(view.raw));
    opener_.open(envelope, {pow_eip627(view), true});
}

Verdict Engine::refuse(Verdict verdict) {
    ++counters_.refused;
    switch (verdict) {
        case Verdict::too_large:
            ++counters_.too_large;
            break;
        case Verdict::bad_ttl:
            ++counters_.bad_ttl;
            break;
        case Verdict::from_future:
            ++counters_.from_future;
            break;
        case Verdict::expired:
        case Verdict::very_old:
            ++counters_.expired;
            break;
        case Verdict::low_pow:
            ++counters_.low_pow;
            break;
        case Verdict::bloom_mismatch:
            ++counters_.bloom_mismatch;
            break;
        case Verdict::pool_full:
            ++counters_.pool_full;
            break;
        case Verdict::accepted:
        case Verdict::duplicate:
            break;
    }
    return verdict;
}

void Engine::tick() {
    const auto gone = pool_.expire(env_.clock->wall().seconds());
    pool_.sweep();
    opener_.expire(env_.clock->wall().seconds());
    address_allowances_.sweep(env_.clock->now());
    if (const auto removals = opener_.filters().removals(); removals != seen_removals_) {
        seen_removals_ = removals;
        set_bloom(wanted_bloom());
    }
    check_clock();
    tick_ = env_.clock->after(kTick, [this] { tick(); });
    for (auto* session : sessions_) session->retry_untaken();
    ticks_.emit();
    for (const auto& envelope : gone) {
        events_.emit({.kind = EnvelopeEvent::Kind::expired, .hash = envelope->hash(), .envelope = &envelope});
    }
}

void Engine::check_clock() {
    const auto now = env_.clock->now();
    if (now < clock_check_due_) return;
    clock_check_due_ = now + kClockCheckPeriod;
    std::vector<const LagSample*> samples;
    for (auto* session : sessions_) samples.push_back(&session->lags());
    clock_offset_ = sotto::whisper::clock_offset(samples);
    for (auto* session : sessions_) session->lags().clear();
    if (!clock_offset_ || now < clock_warning_due_) return;
    clock_warning_due_ = now + kClockWarningPeriod;
    log::warn("whisper",
              "the clock of this machine is off by what its peers say: set it (NTP), envelopes beyond 10 s are dropped",
              {{"ahead_seconds", std::to_string(*clock_offset_)}});
}

Status Engine::status() const {
    return {config_.min_pow, bloom_, config_.light_client, config_.confirmations, config_.limits.announced_rates};
}

void Engine::set_limits(const Limits& limits) {
    config_.limits = limits;
    pool_.set_limits(limits.pool);
    address_allowances_.set_rates(limits.rates_per_address);
    for (auto* session : sessions_) {
        session->set_rates(limits.rates_per_peer);
        session->wake();
    }
}

void Engine::set_min_pow(double pow) {
    previous_min_pow_ = terms().min_pow;
    min_pow_until_ = env_.clock->now() + kTolerance;
    config_.min_pow = pow;
    for (auto* session : sessions_) session->wake();
}

Bloom Engine::wanted_bloom() {
    auto bloom = base_bloom_;
    if (!bloom.is_full()) opener_.filters().add_topics(bloom);
    return bloom;
}

void Engine::set_base_bloom(const Bloom& bloom) {
    base_bloom_ = bloom;
    set_bloom(wanted_bloom());
}

void Engine::widen_bloom() {
    auto bloom = wanted_bloom();
    bloom.merge(bloom_);
    set_bloom(bloom);
}

void Engine::set_bloom(const Bloom& bloom) {
    if (bloom == bloom_) return;
    if (env_.clock->now() >= bloom_until_) previous_bloom_ = Bloom();
    previous_bloom_.merge(bloom_);
    bloom_until_ = env_.clock->now() + kTolerance;
    bloom_ = bloom;
    for (auto* session : sessions_) session->wake();
}

void Engine::set_light_client(bool light) {
    config_.light_client = light;
    for (auto* session : sessions_) session->set_own_only(light);
}

std::string Engine::address_of(const crypto::PeerId& peer) const {
    return config_.address_of ? config_.address_of(peer) : std::string();
}

std::shared_ptr<Allowance> Engine::allowance_of(const crypto::PeerId& peer) {
    return address_allowances_.of(address_of(peer));
}

void Engine::attach(Session& session) {
    sessions_.push_back(&session);
}

void Engine::detach(Session& session) noexcept {
    std::erase(sessions_, &session);
}

Session* Engine::find_session(const crypto::PeerId& peer) const {
    const auto it = std::ranges::find_if(sessions_, [&](const Session* session) { return session->peer() == peer; });
    return it == sessions_.end() ? nullptr : *it;
}

std::optional<double> Engine::least_min_pow(const Topic& topic) const {
    std::optional<double> least;
    for (const auto* session : sessions_) {
        if (session->wants(topic)) least = std::min(least.value_or(session->min_pow()), session->min_pow());
    }
    return least;
}

Result<void> Engine::trust(const crypto::PeerId& peer) {
    if (!find_session(peer)) return fail(Errc::not_found, "could not find peer with ID: " + peer.to_string());
    if (!trusts(peer) && trusted_.size() >= kMaxTrusted) return fail(Errc::busy, "too many trusted peers");
    trusted_.insert(peer);
    return {};
}

}  // namespace sotto::whisper
