// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "whisper/pow.hpp"

namespace sotto::whisper {

/// A peer's place in the pool: its bit on every envelope.
using Slot = std::uint32_t;
inline constexpr Slot kNoSlot = ~Slot{0};       ///< posted here
inline constexpr Slot kDeparted = kNoSlot - 1;  ///< all peers that are gone

/// The peers that have an envelope, one bit each.
class KnownBy {
  public:
    void set(Slot slot);
    void reset(Slot slot) noexcept;
    bool test(Slot slot) const noexcept;
    /// Clears the bits that are set in `slots`, 64 a word.
    void clear(std::span<const std::uint64_t> slots) noexcept;

  private:
    std::uint64_t first_ = 0;
    std::vector<std::uint64_t> rest_;
};

struct PoolLimits {
    std::size_t bytes = std::size_t{256} << 20;  ///< raw envelopes plus kEntryOverhead each
    std::size_t envelopes = 200'000;
};

/// All envelopes that have not expired, once each, in the order they came. Bounded: when full, the address that fills
/// most of it makes room, and of its peers the one that fills most, by its envelopes with the least work per byte and
/// second; an address at its fair share cannot be pushed out by one that floods, whatever peers it plays. What was
/// posted here stays in any case and fills at most half. Pure: time comes in. Loop thread only.
class Pool {
  public:
    static constexpr std::size_t kEntryOverhead = 512;

    struct Entry;
    /// Least work first; of equals the newest, so that a flood does not push out what was there.
    struct Cheaper {
        bool operator()(const Entry* a, const Entry* b) const noexcept;
    };
    struct Older {
        using is_transparent = void;
        bool operator()(const Entry* a, const Entry* b) const noexcept;
        bool operator()(const Entry* a, std::uint64_t sequence) const noexcept;
    };
    /// Where envelopes come from. In order, so that the peers of an address stand together.
    struct Source {
        std::string address = {};  ///< empty: a share of its own
        Slot slot = kNoSlot;
        auto operator<=>(const Source&) const = default;
    };
    /// What one source has in the pool.
    struct Account {
        Source source = {};
        std::size_t bytes = 0;
        std::set<Entry*, Cheaper> by_work = {};
        std::set<Entry*, Older> by_age = {};
    };
    using Accounts = std::map<Source, Account>;
    struct Entry {
        SharedEnvelope envelope;
        Work work;
        std::uint64_t sequence = 0;
        Account* account = nullptr;  ///< of who brought it
        bool own() const noexcept { return account->source.slot == kNoSlot; }
        KnownBy known_by = {};
    };
    enum class Added : std::uint8_t { added, duplicate, refused };

    /// `hash_seed` keeps strangers from choosing hashes that share a bucket.
    Pool(const PoolLimits& limits, std::uint64_t hash_seed);

    /// In force at once: a smaller pool makes room by the rule above, though what was posted here may stay beyond half.
    void set_limits(const PoolLimits& limits);

    Entry* find(const Hash& hash);
    const Entry* find(const Hash& hash) const;
    /// `from` has the envelope already; kNoSlot when it is ours.
    Added add(SharedEnvelope envelope, const Work& work, Slot from);
    /// Whether an envelope of so many bytes that is posted here would be refused.
    bool refuses_own(std::size_t size) const;
    /// Removes what expired before `now` (seconds since 1970) and returns it.
    std::vector<SharedEnvelope> expire(std::uint64_t now);

    /// The sequence number that the next envelope will get.
    std::uint64_t end() const noexcept { return next_sequence_; }
    /// Calls visit(Entry&) -> bool for the entries from `from` on, in order of arrival, until it returns false, `end`
    /// is reached or `at_most` were visited. Returns the sequence number to go on from: of the entry that was refused,
    /// or behind the last.
    template <class Visit>
    std::uint64_t scan(std::uint64_t from, std::uint64_t end, std::size_t at_most, Visit visit) {
        for (auto i = position_of(from); i < log_.size() && log_[i].sequence < end; ++i) {
            if (at_most-- == 0) return log_[i].sequence;
            if (log_[i].entry && !visit(*log_[i].entry)) return log_[i].sequence;
        }
        return end;
    }

    /// A slot whose bits are clear, for a peer that shares with those of its address; empty: with none. Closed ones are
    /// free again after the next sweep().
    Slot open_slot(std::string address = {});
    void close_slot(Slot slot);
    /// By address, then by peer. Those whose peers are gone have become one, of the slot kDeparted.
    const Accounts& accounts() const noexcept { return accounts_; }
    /// How often that one has got older envelopes than it had.
    std::uint64_t departures() const noexcept { return departures_; }
    /// Bytes that a source fills.
    std::size_t bytes_of(Slot source) const;
    /// Clears the bits of closed slots: one pass over the pool, so call it on a coarse tick.
    void sweep();

    std::size_t bytes() const noexcept { return bytes_; }
    std::size_t size() const noexcept { return entries_.size(); }
    std::uint64_t evicted() const noexcept { return evicted_; }

  private:
    struct HashOf {
        std::uint64_t seed;
        std::size_t operator()(const Hash& hash) const noexcept;
    };
    struct LogItem {
        std::uint64_t sequence;
        Entry* entry;  ///< null: gone
    };
    /// What needs room.
    struct Newcomer {
        Slot source = kNoSlot;
        double pow = 0;
        std::size_t bytes = 0;
        std::size_t envelopes = 0;
    };
    /// What one source could give up.
    struct Offer {
        const Account* account;
        std::size_t share;  ///< which
        std::size_t bytes;
        std::set<Entry*, Cheaper>::const_iterator next;
    };
    struct SoonerExpired {
        bool operator()(const Entry* a, const Entry* b) const noexcept;
    };

    static std::size_t cost_of(std::size_t size) noexcept { return size + kEntryOverhead; }
    static std::size_t cost_of(const Envelope& envelope) noexcept { return cost_of(envelope.raw().size()); }
    Source source_of(Slot slot) const;
    Account& account_of(Slot slot);
    bool fits(std::size_t bytes, std::size_t envelopes) const noexcept;
    bool make_room(const Newcomer& newcomer);
    bool choose_victims(const Newcomer& newcomer, std::vector<Entry*>& victims) const;
    std::vector<Offer> collect_offers(std::vector<std::size_t>& shares) const;
    void evict(const std::vector<Entry*>& victims);
    void remove(Entry* entry);
    std::size_t position_of(std::uint64_t sequence) const noexcept;
    void compact();

    PoolLimits limits_;
    std::unordered_map<Hash, Entry, HashOf> entries_;
    std::vector<LogItem> log_;
    std::size_t gone_ = 0;
    Accounts accounts_;
    std::uint64_t departures_ = 0;
    std::vector<std::string> addresses_;  ///< by slot
    std::set<Entry*, SoonerExpired> by_expiry_;
    std::uint64_t next_sequence_ = 0;
    std::size_t bytes_ = 0;
    std::uint64_t evicted_ = 0;
    Slot next_slot_ = 0;
    std::set<Slot> free_slots_;
    std::vector<Slot> closed_slots_;
};

}  // namespace sotto::whisper
