// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <set>

#include "whisper/allowance.hpp"
#include "whisper/mail.hpp"
#include "whisper/node.hpp"
#include "whisper/opener.hpp"
#include "whisper/packets.hpp"
#include "whisper/verify.hpp"

namespace sotto::whisper {

class Session;

/// What all sessions of a node share, and the one way in for envelopes. Loop thread only.
class Engine {
  public:
    Engine(Env env, const Config& config);

    const Env& env() const noexcept { return env_; }
    const Config& config() const noexcept { return config_; }
    Pool& pool() noexcept { return pool_; }
    const Pool& pool() const noexcept { return pool_; }
    Opener& opener() noexcept { return opener_; }
    const Opener& opener() const noexcept { return opener_; }
    Counters& counters() noexcept { return counters_; }
    Signal<EnvelopeEvent>& events() noexcept { return events_; }
    /// Once a second.
    Signal<>& ticks() noexcept { return ticks_; }

    /// What is accepted from peers at this moment. Valid for milliseconds.
    Terms terms() const;
    /// Fully in or not at all: dedupe, checks, pool, filters, outboxes. `from` null: posted here.
    Verdict take(const EnvelopeView& envelope, const Terms& terms, Session* from);
    /// From a trusted peer, past the pool: only filters that allow it see it.
    void take_direct(const EnvelopeView& envelope);

    /// What a new peer is told.
    Status status() const;
    double min_pow() const noexcept { return config_.min_pow; }
    const Bloom& bloom() const noexcept { return bloom_; }
    void set_limits(const Limits& limits);
    void set_min_pow(double pow);
    /// What is wanted besides the topics of the filters.
    void set_base_bloom(const Bloom& bloom);
    /// A filter came: its topics are wanted from now on. Those of filters that went are dropped on the next tick.
    void widen_bloom();
    void set_max_message_size(std::size_t size) noexcept { config_.max_message_size = size; }
    void set_light_client(bool light);

    Mail& mail() noexcept { return config_.mail ? *config_.mail : no_mail_; }
    /// What the peer shares its allowance and its part of the pool by; empty: by nothing.
    std::string address_of(const crypto::PeerId& peer) const;
    /// Null: exempt.
    std::shared_ptr<Allowance> allowance_of(const crypto::PeerId& peer);

    void attach(Session& session);
    void detach(Session& session) noexcept;
    Session* find_session(const crypto::PeerId& peer) const;
    /// Seconds that our clock is ahead of the peers' (negative: behind), where at least two agree that it is off.
    std::optional<std::int64_t> clock_offset() const noexcept { return clock_offset_; }
    /// The least work that any peer asks for who wants the topic; nothing without one.
    std::optional<double> least_min_pow(const Topic& topic) const;
    std::size_t session_count() const noexcept { return sessions_.size(); }
    Result<void> trust(const crypto::PeerId& peer);
    bool trusts(const crypto::PeerId& peer) const { return trusted_.contains(peer); }

  private:
    Verdict refuse(Verdict verdict);
    void set_bloom(const Bloom& bloom);
    Bloom wanted_bloom();
    void tick();
    void check_clock();

    Env env_;
    Config config_;
    Pool pool_;
    Opener opener_;
    Counters counters_;
    Signal<EnvelopeEvent> events_;
    Signal<> ticks_;
    NoMail no_mail_;
    AddressAllowances address_allowances_;
    Bloom base_bloom_ = Bloom::full();
    std::uint64_t seen_removals_ = 0;
    Bloom bloom_ = Bloom::full();
    /// What was asked for until lately and peers may still go by.
    double previous_min_pow_ = 0;
    TimePoint min_pow_until_;
    Bloom previous_bloom_;
    TimePoint bloom_until_;
    std::vector<Session*> sessions_;
    std::set<crypto::PeerId> trusted_;
    std::optional<std::int64_t> clock_offset_;
    TimePoint clock_check_due_;
    TimePoint clock_warning_due_;
    Timer tick_;
};

}  // namespace sotto::whisper
