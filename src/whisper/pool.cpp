// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "whisper/pool.hpp"

#include <algorithm>
#include <tuple>

namespace sotto::whisper {

void KnownBy::set(Slot slot) {
    if (slot < 64) {
        first_ |= std::uint64_t{1} << slot;
        return;
    }
    const std::size_t word = slot / 64 - 1;
    if (rest_.size() <= word) rest_.resize(word + 1);
    rest_[word] |= std::uint64_t{1} << (slot % 64);
}

void KnownBy::reset(Slot slot) noexcept {
    if (slot < 64) {
        first_ &= ~(std::uint64_t{1} << slot);
        return;
    }
    const std::size_t word = slot / 64 - 1;
    if (word < rest_.size()) rest_[word] &= ~(std::uint64_t{1} << (slot % 64));
}

bool KnownBy::test(Slot slot) const noexcept {
    if (slot < 64) return (first_ >> slot & 1) != 0;
    const std::size_t word = slot / 64 - 1;
    return word < rest_.size() && (rest_[word] >> (slot % 64) & 1) != 0;
}

void KnownBy::clear(std::span<const std::uint64_t> slots) noexcept {
    if (slots.empty()) return;
    first_ &= ~slots[0];
    const auto words = std::min(rest_.size(), slots.size() - 1);
    for (std::size_t i = 0; i < words; ++i) rest_[i] &= ~slots[i + 1];
}

std::size_t Pool::HashOf::operator()(const Hash& hash) const noexcept {
    const auto word = load_be<std::uint64_t>(hash) ^ seed;
    const auto mixed = word * 0x9e3779b97f4a7c15;
    return static_cast<std::size_t>(mixed ^ (mixed >> 32));
}

bool Pool::Cheaper::operator()(const Entry* a, const Entry* b) const noexcept {
    return std::tuple(a->work.accepted, b->sequence) < std::tuple(b->work.accepted, a->sequence);
}

bool Pool::Older::operator()(const Entry* a, const Entry* b) const noexcept {
    return a->sequence < b->sequence;
}

bool Pool::Older::operator()(const Entry* a, std::uint64_t sequence) const noexcept {
    return a->sequence < sequence;
}

bool Pool::SoonerExpired::operator()(const Entry* a, const Entry* b) const noexcept {
    return std::tuple(a->envelope->view().expiry, a->sequence) < std::tuple(b->envelope->view().expiry, b->sequence);
}

Pool::Pool(const PoolLimits& limits, std::uint64_t hash_seed) : limits_(limits), entries_(0, HashOf{hash_seed}) {}

Pool::Entry* Pool::find(const Hash& hash) {
    const auto it = entries_.find(hash);
    return it == entries_.end() ? nullptr : &it->second;
}

const Pool::Entry* Pool::find(const Hash& hash) const {
    const auto it = entries_.find(hash);
    return it == entries_.end() ? nullptr : &it->second;
}

Pool::Added Pool::add(SharedEnvelope envelope, const Work& work, Slot from) {
    if (auto* known = find(envelope->hash())) {
        if (from != kNoSlot) known->known_by.set(from);
        return Added::duplicate;
    }
    const auto cost = cost_of(*envelope);
    if (from == kNoSlot && refuses_own(envelope->raw().size())) return Added::refused;
    if (!make_room({from, work.accepted, cost, 1})) return Added::refused;

    auto& entry = entries_[envelope->hash()];
    entry.envelope = std::move(envelope);
    entry.work = work;
    entry.sequence = next_sequence_++;
    entry.account = &account_of(from);
    if (from != kNoSlot) entry.known_by.set(from);
    log_.push_back({entry.sequence, &entry});
    entry.account->by_work.insert(&entry);
    entry.account->by_age.insert(entry.account->by_age.end(), &entry);
    entry.account->bytes += cost;
    by_expiry_.insert(&entry);
    bytes_ += cost;
    return Added::added;
}

Pool::Source Pool::source_of(Slot slot) const {
    return {slot < addresses_.size() ? addresses_[slot] : std::string(), slot};
}

Pool::Account& Pool::account_of(Slot slot) {
    auto source = source_of(slot);
    auto& account = accounts_[source];
    account.source = std::move(source);
    return account;
}

bool Pool::refuses_own(std::size_t size) const {
    const auto own = accounts_.find(source_of(kNoSlot));
    const auto count = own == accounts_.end() ? 0 : own->second.by_work.size();
    return bytes_of(kNoSlot) + cost_of(size) > limits_.bytes / 2 || count * 2 >= limits_.envelopes;
}

void Pool::set_limits(const PoolLimits& limits) {
    limits_ = limits;
    if (fits(0, 0)) return;
    std::vector<Entry*> victims;
    (void)choose_victims({}, victims);
    evict(victims);
}

bool Pool::fits(std::size_t bytes, std::size_t envelopes) const noexcept {
    return bytes_ + bytes <= limits_.bytes && entries_.size() + envelopes <= limits_.envelopes;
}

bool Pool::make_room(const Newcomer& newcomer) {
    if (fits(newcomer.bytes, newcomer.envelopes)) return true;
    account_of(newcomer.source);
    // First chosen, then evicted: an envelope that cannot stay in the end must not push out others.
    std::vector<Entry*> victims;
    if (!choose_victims(newcomer, victims)) return false;
    evict(victims);
    return true;
}

/// False: there is not room enough in the end.
bool Pool::choose_victims(const Newcomer& newcomer, std::vector<Entry*>& victims) const {
    std::size_t freed = 0;
    const auto full = [&] {
        return bytes_ - freed + newcomer.bytes > limits_.bytes ||
               entries_.size() - victims.size() + newcomer.envelopes > limits_.envelopes;
    };
    std::vector<std::size_t> shares;
    auto offers = collect_offers(shares);
    for (auto& offer : offers) {
        if (offer.account->source.slot != newcomer.source) continue;
        offer.bytes += newcomer.bytes;
        shares[offer.share] += newcomer.bytes;
    }
    while (full()) {
        const auto heaviest = std::ranges::max_element(
            offers, {}, [&](const Offer& offer) { return std::pair(shares[offer.share], offer.bytes); });
        if (heaviest == offers.end() || heaviest->next == heaviest->account->by_work.end()) return false;
        auto* victim = *heaviest->next++;
        const bool own = heaviest->account->source.slot == newcomer.source;
        if (own && victim->work.accepted >= newcomer.pow) return false;
        const auto size = cost_of(*victim->envelope);
        heaviest->bytes -= size;
        shares[heaviest->share] -= size;
        freed += size;
        victims.push_back(victim);
    }
    return true;
}

/// `shares` gets the bytes of each address, or of a source without one.
std::vector<Pool::Offer> Pool::collect_offers(std::vector<std::size_t>& shares) const {
    std::vector<Offer> offers;
    const std::string* before = nullptr;
    for (const auto& [source, account] : accounts_) {
        if (source.slot == kNoSlot) continue;
        if (!before || source.address.empty() || source.address != *before) shares.push_back(0);
        before = &source.address;
        shares.back() += account.bytes;
        offers.push_back({&account, shares.size() - 1, account.bytes, account.by_work.begin()});
    }
    return offers;
}

void Pool::evict(const std::vector<Entry*>& victims) {
    for (auto* victim : victims) remove(victim);
    evicted_ += victims.size();
}

std::vector<SharedEnvelope> Pool::expire(std::uint64_t now) {
    std::vector<SharedEnvelope> gone;
    while (!by_expiry_.empty() && (*by_expiry_.begin())->envelope->view().expiry < now) {
        gone.push_back((*by_expiry_.begin())->envelope);
        remove(*by_expiry_.begin());
    }
    return gone;
}

void Pool::remove(Entry* entry) {
    const auto cost = cost_of(*entry->envelope);
    auto& account = *entry->account;
    account.by_work.erase(entry);
    account.by_age.erase(entry);
    account.bytes -= cost;
    if (account.by_work.empty()) accounts_.erase(accounts_.find(account.source));
    by_expiry_.erase(entry);
    bytes_ -= cost;
    log_[position_of(entry->sequence)].entry = nullptr;
    ++gone_;
    const Hash hash = entry->envelope->hash();
    entries_.erase(hash);
    compact();
}

void Pool::compact() {
    if (gone_ < 64 || gone_ * 2 < log_.size()) return;
    std::erase_if(log_, [](const LogItem& item) { return item.entry == nullptr; });
    gone_ = 0;
}

std::size_t Pool::position_of(std::uint64_t sequence) const noexcept {
    return static_cast<std::size_t>(std::ranges::lower_bound(log_, sequence, {}, &LogItem::sequence) - log_.begin());
}

Slot Pool::open_slot(std::string address) {
    if (free_slots_.empty()) {
        addresses_.push_back(std::move(address));
        return next_slot_++;
    }
    const Slot slot = *free_slots_.begin();
    free_slots_.erase(free_slots_.begin());
    addresses_[slot] = std::move(address);
    return slot;
}

void Pool::close_slot(Slot slot) {
    closed_slots_.push_back(slot);
    auto left = accounts_.extract(source_of(slot));
    if (left.empty()) return;
    if (auto departed = accounts_.extract(source_of(kDeparted))) {
        // Each entry that moves costs, and one peer may have brought most of the pool: the smaller joins the larger.
        if (departed.mapped().by_work.size() > left.mapped().by_work.size()) left.swap(departed);
        left.mapped().bytes += departed.mapped().bytes;
        for (auto* entry : departed.mapped().by_work) entry->account = &left.mapped();
        left.mapped().by_work.merge(departed.mapped().by_work);
        left.mapped().by_age.merge(departed.mapped().by_age);
    }
    ++departures_;
    left.key() = left.mapped().source = source_of(kDeparted);
    accounts_.insert(std::move(left));
}

std::size_t Pool::bytes_of(Slot source) const {
    const auto it = accounts_.find(source_of(source));
    return it == accounts_.end() ? 0 : it->second.bytes;
}

void Pool::sweep() {
    if (closed_slots_.empty()) return;
    std::vector<std::uint64_t> closed(next_slot_ / 64 + 1);
    for (const Slot slot : closed_slots_) closed[slot / 64] |= std::uint64_t{1} << (slot % 64);
    for (auto& item : log_) {
        if (item.entry) item.entry->known_by.clear(closed);
    }
    free_slots_.insert(closed_slots_.begin(), closed_slots_.end());
    closed_slots_.clear();
}

}  // namespace sotto::whisper
