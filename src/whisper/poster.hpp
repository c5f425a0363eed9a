// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include "base/event.hpp"
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

    Task<Result<Hash>> post(NewMessage message, std::optional<Secret> signer);
    Result<Hash> post_envelope(BytesView rlp);
    /// What the journal had when the process began: goes on where it was.
    void restore(const std::vector<JournalEntry>& entries);
    /// Seals again what no peer takes for its little work. Until stop().
    Task<void> serve();
    void stop() noexcept;
    Deliveries& deliveries() noexcept { return deliveries_; }
    const Deliveries& deliveries() const noexcept { return deliveries_; }

  private:
    Result<void> check(const NewMessage& message) const;
    Result<Bytes> encrypt(const NewMessage& message, const Secret* signer) const;
    SealOrder order_for(const NewMessage& message, Bytes data) const;
    Task<Result<void>> keep(const Delivery& delivery, BytesView rlp);
    Result<void> hand_over(const Delivery& delivery, const EnvelopeView& envelope, const NewMessage& message);
    Verdict put_into_pool(const EnvelopeView& envelope, double min_pow);
    void restore_one(const JournalEntry& entry);
    void on_event(const EnvelopeEvent& event);
    void note(const Delivery& delivery);
    std::optional<double> needed_pow(const Delivery& delivery) const;
    Task<void> seal_again(Hash id, double pow);

    Engine& engine_;
    const KeyStore& keys_;
    Deliveries deliveries_;
    Subscription engine_events_;
    Subscription ticks_;
    Subscription changes_;
    Event wake_;
    bool stopping_ = false;
};

}  // namespace sotto::whisper
