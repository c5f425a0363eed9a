// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include "whisper/delivery.hpp"
#include "whisper/engine.hpp"
#include "whisper/journal.hpp"
#include "whisper/keys.hpp"
#include "whisper/seal.hpp"

namespace sotto::whisper {

/// What is posted here: sealed, kept in the journal, put into the pool, and followed until it is delivered or its time
/// is over. Loop thread only.
class Poster {
  public:
    Poster(Engine& engine, const KeyStore& keys);

    /// `signer` is used before it first suspends; null: unsigned.
    Task<Result<Hash>> post(NewMessage message, const Secret* signer);
    Result<Hash> post_envelope(BytesView rlp);
    /// What the journal had when the process began: goes on where it was.
    void restore(const std::vector<JournalEntry>& entries);
    /// Seals again what no peer takes for its little work. Until it is cancelled.
    Task<void> serve();
    Deliveries& deliveries() noexcept { return deliveries_; }
    const Deliveries& deliveries() const noexcept { return deliveries_; }

  private:
    Result<void> check(const NewMessage& message) const;
    void refuse(Delivery queued, const Error& why);
    Result<Bytes> encrypt(const NewMessage& message, const Secret* signer) const;
    SealOrder order_for(const NewMessage& message, Bytes data) const;
    Task<Result<Bytes>> seal_and_keep(Delivery& delivery, SealOrder order);
    Task<Result<void>> keep(const Delivery& delivery, BytesView rlp);
    Result<void> hand_over(const Hash& id, const EnvelopeView& envelope, const NewMessage& message);
    Verdict put_into_pool(const EnvelopeView& envelope, Terms terms);
    Terms terms_for_kept(const EnvelopeView& envelope) const;
    void restore_one(const JournalEntry& entry);
    void on_event(const EnvelopeEvent& event);
    void note(const Delivery& delivery);
    void expire();
    std::string why_unsent(const Delivery& delivery) const;
    std::optional<double> needed_pow(const Delivery& delivery) const;
    Task<void> seal_again(Hash id, double pow);

    Engine& engine_;
    const KeyStore& keys_;
    Deliveries deliveries_;
    Subscription engine_events_;
    Subscription ticks_;
    Subscription changes_;
    Subscription forgotten_;
};

}  // namespace sotto::whisper
