// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <functional>
#include <list>
#include <span>
#include <vector>

#include "base/event.hpp"
#include "net/message_stream.hpp"
#include "whisper/clock_check.hpp"
#include "whisper/engine.hpp"
#include "whisper/mail.hpp"
#include "whisper/outbox.hpp"
#include "whisper/packets.hpp"

namespace sotto::whisper {

/// Sends ours and reads the peer's, each exactly once, within 5 s. Murmur answers every status with its own: a second
/// one would go round for ever.
Task<Result<Status>> exchange_status(Env env, net::MessageStream& stream, Status ours);

/// One peer, past the exchange of status: a reader and an outbox. The reader waits for the peer to take an answer for
/// at most kStallLimit. Loop thread only.
class Session final : private MailLink {
  public:
    static constexpr Duration kStallLimit = std::chrono::seconds(30);

    /// `ours` is what the peer was told.
    Session(Engine& engine, net::MessageStream& stream, const Status& ours, const Status& theirs);
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session() override;

    /// Until the stream ends; returns why.
    Task<Result<void>> run();

    const crypto::PeerId& peer() const noexcept override { return stream_.peer().id; }
    Slot slot() const noexcept { return outbox_.slot(); }
    void on_added(const Pool::Entry& entry, std::uint64_t wall_seconds, TimePoint now);
    /// Our terms changed: tell the peer.
    void wake() noexcept { wake_.notify(); }
    /// What is taken from the peer.
    void set_rates(const Rates& rates) noexcept { allowance_.set_rates(rates); }
    void set_own_only(bool own_only);
    /// While the peer is suspect nothing new is sent to it; what waits is not lost.
    void set_suspect(bool suspect);
    LagSample& lags() noexcept { return lags_; }
    double min_pow() const noexcept { return outbox_.min_pow(); }
    /// Whether the peer is there and takes envelopes of this topic.
    bool wants(const Topic& topic) const noexcept { return !suspect_ && outbox_.wants(topic); }
    /// Sends again what was posted here and what the peer refused, or should have confirmed by now; at growing
    /// intervals, or a peer could make us send for ever.
    void retry_untaken();
    /// Code 127. Errors: busy while much is waiting already.
    Result<void> send_direct(SharedEnvelope envelope);

  private:
    /// A batch that was sent and not confirmed yet.
    struct Unconfirmed {
        Hash batch{};
        TimePoint sent;
        std::vector<Hash> envelopes;
    };

    /// How long a large message may keep the loop: 1 ms or 64 KiB.
    struct Slice {
        explicit Slice(const Clock& c) : clock(c), end(c.now() + std::chrono::milliseconds(1)) {}
        bool used_up_by(std::size_t size);
        std::reference_wrapper<const Clock> clock;
        TimePoint end;
        std::size_t bytes = 0;
    };

    bool trusted() const noexcept override { return engine_.trusts(peer()); }
    Task<Result<void>> send(net::Code code, BytesView payload) override { return write(code, payload); }

    Task<Result<void>> read_messages();
    /// Waits as long as the peer's rates ask for. False: far above them, the message is dropped.
    Task<bool> admit(Load load);
    /// `envelopes` are the items of a code 1.
    Task<Result<void>> handle(const net::Message& message, std::span<const BytesView> envelopes);
    Task<Result<void>> on_batch(BytesView payload, std::span<const BytesView> items);
    Task<Result<void>> on_direct(BytesView payload);
    void note_lag(const EnvelopeView& envelope, std::uint64_t wall_seconds);
    Task<void> let_others_run(Slice& slice);
    Task<Result<void>> confirm(BytesView payload, std::vector<EnvelopeError> errors);
    Result<void> on_terms(const net::Message& message);
    Result<void> on_confirmation(const net::Message& message);
    void settle(BatchResponse response);
    void on_refusal(const EnvelopeError& error, const Hash& batch);
    bool posted_here(const Hash& envelope) const;
    void note_untaken(const Hash& envelope);
    void forget_oldest_unconfirmed();

    Task<void> drive_outbox();
    std::optional<TimePoint> next_due() const noexcept;
    void set_pace(const std::optional<PacketRates>& rates);
    /// Whether the peer was told of a change.
    Task<Result<bool>> tell_terms();
    Task<Result<bool>> send_next();
    Task<Result<void>> send_batch(const Outbox::Batch& batch);
    void remember(const Hash& batch, const Outbox::Batch& envelopes);
    Task<Result<void>> write(net::Code code, BytesView payload);
    Task<Result<void>> write(net::Code code, Buffers payload);
    void stop(const Error& why) noexcept;

    Engine& engine_;
    net::MessageStream& stream_;
    Outbox outbox_;
    Event wake_;
    bool stopping_ = false;
    bool suspect_ = false;
    Allowance allowance_;
    std::shared_ptr<Allowance> address_allowance_;
    /// What the peer takes from us, in packets a second, and when the next one may go.
    TokenBucket pace_{TokenBucket::kUnlimited, kBurst};
    TimePoint pace_due_;
    bool confirms_;
    TimePoint since_;
    LagSample lags_;
    double told_min_pow_;
    Bloom told_bloom_;
    std::optional<PacketRates> told_rates_;
    std::list<SharedEnvelope> direct_;
    std::size_t direct_bytes_ = 0;
    std::vector<Unconfirmed> unconfirmed_;
    std::size_t unconfirmed_hashes_ = 0;
    std::vector<Hash> untaken_;  ///< of what was posted here: what the peer refused, or did not confirm in time
    TimePoint retry_due_;
    Duration retry_pause_;
};

}  // namespace sotto::whisper
