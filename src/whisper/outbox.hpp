// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "whisper/bloom.hpp"
#include "whisper/pool.hpp"

namespace sotto::whisper {

/// Decides what one peer gets and when. It keeps no queue: the pool in its order of arrival is the queue of all peers,
/// and an outbox is two places in it. What comes in from now on is `live` and leaves within kLinger; what was there
/// before the peer, or what it asks for by new terms, is `backlog` and goes in paced batches, since a peer that passes
/// all on at once would flood its own peers (geth hangs up above 1 MiB in 300 ms). Where more comes in than the peer
/// takes, addresses take turns, and within each its peers, by bytes (deficit round robin): who sends little is not
/// behind who floods. Pure: time comes in. Loop thread only.
class Outbox {
  public:
    static constexpr Duration kLinger = std::chrono::milliseconds(20);
    static constexpr Duration kBacklogPause = std::chrono::milliseconds(200);
    static constexpr Duration kRescanPause = std::chrono::seconds(1);
    static constexpr Duration kEarlyPause = std::chrono::seconds(10);
    static constexpr std::size_t kFlushBytes = 64 * 1024;
    static constexpr std::size_t kBatchBytes = 512 * 1024;   ///< a single larger envelope travels alone
    static constexpr std::size_t kBehindBytes = 128 * 1024;  ///< more that is live takes turns, so much a batch

    struct Batch {
        std::vector<SharedEnvelope> envelopes;
        std::size_t bytes = 0;  ///< of their RLP, without a list header
    };

    /// What goes to the peer.
    struct Terms {
        double min_pow = 0;
        Bloom bloom = Bloom::full();
        bool own_only = false;  ///< we are a light client: only what was posted here
    };

    /// Owns a slot of the pool, which shares with those of its `address`.
    Outbox(Pool& pool, const Terms& terms, TimePoint now, std::string address = {});
    Outbox(const Outbox&) = delete;
    Outbox& operator=(const Outbox&) = delete;
    ~Outbox();

    Slot slot() const noexcept { return slot_; }
    double min_pow() const noexcept { return terms_.min_pow; }
    bool wants(const Topic& topic) const noexcept { return terms_.bloom.matches(topic); }
    /// The peer may have these after all, but did not say so: they go again.
    void send_again(std::span<const Hash> envelopes, TimePoint now);
    /// What the peer did not get under the old terms is looked through again.
    void set_min_pow(double pow, TimePoint now);
    void set_bloom(const Bloom& bloom, TimePoint now);
    void set_own_only(bool own_only, TimePoint now);

    /// The pool took an entry. True: next_due() may be sooner now.
    bool on_added(const Pool::Entry& entry, std::uint64_t wall_seconds, TimePoint now);
    /// The next batch, if one is due; its envelopes count as known to the peer. May be empty: a part of the pool was
    /// looked through in vain. Call again at once until nullopt.
    std::optional<Batch> take(std::uint64_t wall_seconds, TimePoint now);
    /// When take() has something to do; nullopt: not before on_added() or new terms.
    std::optional<TimePoint> next_due() const noexcept;

  private:
    bool eligible(const Pool::Entry& entry, std::uint64_t wall_seconds) const noexcept;
    /// As eligible(); what is not only for now is noted.
    bool sends(const Pool::Entry& entry, std::uint64_t wall_seconds) noexcept;
    /// Where an account's turn goes on.
    struct Turn {
        std::uint64_t from;
        std::size_t credit = 0;  ///< bytes
    };
    struct Waiting {
        const Pool::Account* account;
        Turn* turn;
        std::size_t quantum;  ///< bytes that it may send more each round
    };
    enum class Served : std::uint8_t { out_of_credit, has_no_more, batch_is_full };

    std::uint64_t collect(Batch& batch, std::uint64_t from, std::uint64_t end, std::uint64_t wall_seconds);
    void collect_in_turns(Batch& batch, std::uint64_t wall_seconds);
    std::vector<Waiting> line_up();
    void put(Batch& batch, Pool::Entry& entry);
    Served serve(Batch& batch, const Waiting& waiting, std::uint64_t wall_seconds, std::size_t& looked_at);
    void rescan(TimePoint now, Duration pause);
    void look_for_early(TimePoint now);

    Pool& pool_;
    Slot slot_;
    Terms terms_;
    std::uint64_t live_from_;
    std::optional<TimePoint> live_due_;
    std::size_t live_bytes_ = 0;
    std::map<Slot, Turn> turns_;          ///< empty: not behind
    std::optional<Pool::Source> served_;  ///< the latest
    std::uint64_t departures_ = 0;
    std::uint64_t backlog_from_ = 0;
    std::uint64_t backlog_end_;
    TimePoint backlog_due_;
    bool some_are_early_ = false;  ///< left out, since our clock was set back after they came
};

}  // namespace sotto::whisper
