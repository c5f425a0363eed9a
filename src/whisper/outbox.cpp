// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "whisper/outbox.hpp"

#include <algorithm>
#include <utility>

#include "whisper/verify.hpp"

namespace sotto::whisper {
namespace {

/// Entries looked at in one go: well below a millisecond.
constexpr std::size_t kScanLimit = 4096;
constexpr std::size_t kQuantum = 4 * 1024;  // of an address

bool is_early(const EnvelopeView& view, std::uint64_t wall_seconds) noexcept {
    return view.sent() > wall_seconds + kSyncAllowance;
}

}  // namespace

Outbox::Outbox(Pool& pool, const Terms& terms, TimePoint now, std::string address)
    : pool_(pool),
      slot_(pool.open_slot(std::move(address))),
      terms_(terms),
      live_from_(pool.end()),
      backlog_end_(pool.end()),
      backlog_due_(now) {}

Outbox::~Outbox() {
    pool_.close_slot(slot_);
}

void Outbox::set_min_pow(double pow, TimePoint now) {
    const bool wider = pow < terms_.min_pow;
    terms_.min_pow = pow;
    if (wider) rescan(now, kRescanPause);
}

void Outbox::set_bloom(const Bloom& bloom, TimePoint now) {
    if (bloom == terms_.bloom) return;
    terms_.bloom = bloom;
    rescan(now, kRescanPause);
}

void Outbox::set_own_only(bool own_only, TimePoint now) {
    if (terms_.own_only && !own_only) rescan(now, kRescanPause);
    terms_.own_only = own_only;
}

void Outbox::send_again(std::span<const Hash> envelopes, TimePoint now) {
    for (const auto& hash : envelopes) {
        if (auto* entry = pool_.find(hash)) entry->known_by.reset(slot_);
    }
    if (!envelopes.empty()) rescan(now, kRescanPause);
}

void Outbox::rescan(TimePoint now, Duration pause) {
    const bool waits = backlog_from_ == 0 && backlog_end_ > 0;
    backlog_from_ = 0;
    backlog_end_ = pool_.end();
    // One that has not begun must not wait longer for being asked for again, or it might for ever.
    backlog_due_ = waits ? std::min(backlog_due_, now + pause) : std::max(backlog_due_, now + pause);
}

bool Outbox::on_added(const Pool::Entry& entry, std::uint64_t wall_seconds, TimePoint now) {
    if (!eligible(entry, wall_seconds)) return false;
    const bool was_due = live_bytes_ >= kFlushBytes;
    live_bytes_ += entry.envelope->raw().size();
    if (!live_due_) {
        live_due_ = now + kLinger;
        return true;
    }
    if (was_due || live_bytes_ < kFlushBytes) return false;
    live_due_ = now;
    return true;
}

std::optional<Outbox::Batch> Outbox::take(std::uint64_t wall_seconds, TimePoint now) {
    Batch batch;
    if (live_due_ && *live_due_ <= now) {
        if (live_bytes_ > kBehindBytes || !turns_.empty()) {
            collect_in_turns(batch, wall_seconds);
        } else {
            live_from_ = collect(batch, live_from_, pool_.end(), wall_seconds);
        }
        live_bytes_ -= std::min(live_bytes_, batch.bytes);
        if (live_from_ == pool_.end()) {
            live_due_.reset();
            live_bytes_ = 0;
        }
        look_for_early(now);
        return batch;
    }
    if (backlog_from_ >= backlog_end_ || backlog_due_ > now) return std::nullopt;
    backlog_from_ = collect(batch, backlog_from_, backlog_end_, wall_seconds);
    if (!batch.envelopes.empty()) backlog_due_ = now + kBacklogPause;
    look_for_early(now);
    return batch;
}

void Outbox::look_for_early(TimePoint now) {
    if (!some_are_early_ || backlog_from_ < backlog_end_) return;
    some_are_early_ = false;
    rescan(now, kEarlyPause);
}

std::optional<TimePoint> Outbox::next_due() const noexcept {
    auto due = live_due_;
    if (backlog_from_ < backlog_end_ && (!due || backlog_due_ < *due)) due = backlog_due_;
    return due;
}

std::uint64_t Outbox::collect(Batch& batch, std::uint64_t from, std::uint64_t end, std::uint64_t wall_seconds) {
    return pool_.scan(from, end, kScanLimit, [&](Pool::Entry& entry) {
        if (!sends(entry, wall_seconds)) return true;
        const auto size = entry.envelope->raw().size();
        if (!batch.envelopes.empty() && batch.bytes + size > kBatchBytes) return false;
        put(batch, entry);
        return true;
    });
}

void Outbox::collect_in_turns(Batch& batch, std::uint64_t wall_seconds) {
    const auto line = line_up();
    std::size_t looked_at = 0;
    for (bool more = true; more;) {
        more = false;
        for (const auto& waiting : line) {
            waiting.turn->credit += waiting.quantum;
            const auto served = serve(batch, waiting, wall_seconds, looked_at);
            if (served == Served::batch_is_full) {
                served_ = waiting.account->source;
                return;
            }
            more = more || served == Served::out_of_credit;
        }
    }
    live_from_ = pool_.end();
    std::map<Slot, Turn>().swap(turns_);
    served_.reset();
}

/// The one behind the latest that was served first.
std::vector<Outbox::Waiting> Outbox::line_up() {
    // Envelopes of a peer that left may be older than where the turn of those is.
    if (departures_ != pool_.departures()) turns_.erase(kDeparted);
    departures_ = pool_.departures();
    std::vector<Waiting> line;
    std::size_t first = 0, address_from = 0;
    const auto share = [&] {
        for (auto i = address_from; i < line.size(); ++i) line[i].quantum = kQuantum / (line.size() - address_from) + 1;
    };
    for (const auto& [source, account] : pool_.accounts()) {
        const bool next_address =
            line.empty() || source.address.empty() || source.address != line.back().account->source.address;
        if (next_address) {
            share();
            address_from = line.size();
        }
        if (served_ && source <= *served_) first = line.size() + 1;
        line.push_back({&account, &turns_.try_emplace(source.slot, live_from_).first->second, 0});
    }
    share();
    std::ranges::rotate(line, line.begin() + static_cast<std::ptrdiff_t>(first));
    return line;
}

Outbox::Served Outbox::serve(Batch& batch, const Waiting& waiting, std::uint64_t wall_seconds, std::size_t& looked_at) {
    auto& turn = *waiting.turn;
    const auto& entries = waiting.account->by_age;
    for (auto it = entries.lower_bound(turn.from); it != entries.end(); ++it) {
        auto& entry = **it;
        turn.from = entry.sequence;
        if (++looked_at > kScanLimit) return Served::batch_is_full;
        if (sends(entry, wall_seconds)) {
            const auto size = entry.envelope->raw().size();
            if (size > turn.credit) return Served::out_of_credit;
            if (!batch.envelopes.empty() && batch.bytes + size > kBehindBytes) return Served::batch_is_full;
            turn.credit -= size;
            put(batch, entry);
        }
        turn.from = entry.sequence + 1;
    }
    turn.credit = 0;
    return Served::has_no_more;
}

void Outbox::put(Batch& batch, Pool::Entry& entry) {
    entry.known_by.set(slot_);
    batch.envelopes.push_back(entry.envelope);
    batch.bytes += entry.envelope->raw().size();
}

bool Outbox::sends(const Pool::Entry& entry, std::uint64_t wall_seconds) noexcept {
    if (eligible(entry, wall_seconds)) return true;
    some_are_early_ = some_are_early_ || is_early(entry.envelope->view(), wall_seconds);
    return false;
}

bool Outbox::eligible(const Pool::Entry& entry, std::uint64_t wall_seconds) const noexcept {
    const auto& view = entry.envelope->view();
    if (entry.known_by.test(slot_) || (terms_.own_only && !entry.own())) return false;
    // A bridge may have held it, and the peer hangs up on what is too old or too young.
    if (view.expiry < wall_seconds || is_early(view, wall_seconds)) return false;
    auto pow = entry.work.eip627;
    if (const auto extra = extra_ttl(view, wall_seconds); extra > 0) {
        // The peer counts the work of an envelope from the future over a longer time.
        pow *= static_cast<double>(view.ttl) / (static_cast<double>(view.ttl) + static_cast<double>(extra));
    }
    return pow >= terms_.min_pow && terms_.bloom.matches(view.topic);
}

}  // namespace sotto::whisper
