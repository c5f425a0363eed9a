// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <array>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/signal.hpp"
#include "crypto/keys.hpp"
#include "whisper/topic.hpp"

namespace sotto::whisper {

/// How far a posted message has come. A peer that confirms nothing takes it to `sent`, no further: there it stays when
/// its time is over.
enum class DeliveryState : std::uint8_t {
    queued,        ///< taken from the client, not sealed yet
    sealed,        ///< sealed and kept; no peer has it
    sent,          ///< written to a peer
    acknowledged,  ///< a peer confirmed it
    held,          ///< as many peers as asked for confirmed it, and none of these is suspect
    expired,       ///< its time is over and nobody confirmed it
    failed,        ///< will not be tried again
};
inline constexpr std::size_t kDeliveryStates = 7;
std::string_view to_string(DeliveryState state) noexcept;

/// One posted message, as its poster sees it.
struct Delivery {
    static constexpr std::size_t kMaxPeers = 32;  ///< of each kind; further ones are left out
    static constexpr std::size_t kMaxEnvelopes = 8;
    static constexpr std::size_t kMaxReason = 256;  ///< bytes

    Hash id{};  ///< hash of the first envelope
    DeliveryState state = DeliveryState::queued;
    std::vector<Hash> envelopes = {};  ///< all that it was sealed into, the first one first
    std::uint32_t posted_at = 0;       ///< seconds since 1970
    std::uint32_t deadline = 0;        ///< posted_at plus the ttl; never extended
    bool direct = false;               ///< to one peer alone (code 127), past the pool; that is never confirmed
    Topic topic{};                     ///< not kept on disk
    std::vector<crypto::PeerId> sent_to = {};
    bool confirms = false;  ///< one that it was sent to does: a confirmation may come
    std::vector<crypto::PeerId> acknowledged_by = {};
    std::string reason = {};  ///< of failed and expired, or the last refusal by a peer
    std::string ticket = {};  ///< the client's own word for it; not kept on disk
    double pow = 0;           ///< what it is sealed for by EIP-627; not kept on disk

    double out_of_reach = std::numeric_limits<double>::infinity();  ///< work that took too long; not kept on disk

    /// Nothing more will happen to it, but for more peers that confirm.
    bool settled() const noexcept { return state >= DeliveryState::acknowledged; }
    /// As far as those can bring it that it was sent to.
    bool unconfirmable() const noexcept { return state == DeliveryState::sent && !confirms; }
};

/// RLP of what is kept on disk.
Bytes encode_delivery(const Delivery& delivery);
/// Errors: malformed.
Result<Delivery> decode_delivery(BytesView record);

/// Follows every posted message to its end. Bounded: the oldest that are settled are forgotten first. Pure: time comes
/// in. Loop thread only.
class Deliveries {
  public:
    struct Limits {
        std::size_t messages = 10'000;
        std::size_t held_by = 2;  ///< peers, at most Delivery::kMaxPeers
    };
    explicit Deliveries(const Limits& limits) : limits_(limits) {}

    /// In force at once. Those under way are followed to their end, however many they are.
    void set_limits(const Limits& limits);
    /// Nothing more can be followed: all are under way.
    bool full() const noexcept { return by_age_.size() - settled_.size() >= limits_.messages; }
    bool empty() const noexcept { return by_age_.empty(); }
    std::size_t size() const noexcept { return by_age_.size(); }

    /// Tells of a message that has no envelope yet, or will have none.
    void announce(const Delivery& delivery) { changes_.emit(delivery); }
    void add(Delivery delivery);
    /// It was sealed again.
    void add_envelope(const Hash& id, const Hash& envelope, double pow);
    /// It could not be sealed for so much.
    void note_out_of_reach(const Hash& id, double pow);

    /// `confirms`: the peer says so when it has taken a message.
    void on_sent(const Hash& envelope, const crypto::PeerId& peer, bool confirms);
    void on_acknowledged(const Hash& envelope, const crypto::PeerId& peer);
    /// Whoever refused it does not count as having it.
    void on_rejected(const Hash& envelope, const crypto::PeerId& peer, std::string_view reason);
    void fail(const Hash& id, std::string_view reason);
    void set_suspect(const crypto::PeerId& peer, bool suspect);
    /// Why one that nobody has did not get further.
    using WhyUnsent = std::function<std::string(const Delivery&)>;
    /// Ends those whose time is over at `now` (seconds since 1970).
    void expire(std::uint64_t now, const WhyUnsent& why_unsent);

    /// By the hash of any of its envelopes. Valid until the next change.
    const Delivery* find(const Hash& envelope) const;
    /// Peers that confirmed it and are not suspect.
    std::size_t holders(const Delivery& delivery) const;
    /// How many are remembered in each state.
    std::array<std::size_t, kDeliveryStates> counts() const;
    /// Those that no peer has.
    std::vector<Hash> waiting() const;
    /// Told of every new state, and of more peers in a state.
    Signal<Delivery>& changes() noexcept { return changes_; }
    /// Told of each that is followed no more, by its id.
    Signal<Hash>& forgotten() noexcept { return forgotten_; }

  private:
    using Age = std::uint64_t;
    struct HashOf {
        std::size_t operator()(const Hash& hash) const noexcept { return load_be<std::uint64_t>(hash); }
    };

    Delivery* at(const Hash& envelope);
    void judge(Age age, Delivery& delivery);
    /// Judges and tells of those under way that `concerned(Delivery)` names.
    template <class Concerned>
    void judge_again(Concerned concerned);
    void close(Age age, const Delivery& delivery);
    void end(Age age, Delivery& delivery, DeliveryState state, std::string_view reason);
    void forget(Age age);
    void tell(const Delivery& delivery);

    Limits limits_;
    Age next_age_ = 0;
    std::map<Age, Delivery> by_age_;
    std::unordered_map<Hash, Age, HashOf> by_envelope_;
    std::set<std::pair<std::uint32_t, Age>> by_deadline_;  ///< of those whose time is not over
    std::set<Age> settled_;
    std::set<crypto::PeerId> suspects_;
    Signal<Delivery> changes_;
    Signal<Hash> forgotten_;
};

}  // namespace sotto::whisper
