// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "net/peer.hpp"

namespace sotto::node {

/// Which wanted peers to dial when: exponential backoff with jitter, so that a network that comes back is not stormed.
/// A peer is wanted once per network. Pure: time and randomness come in.
class DialSchedule {
  public:
    static constexpr Duration kFirstDelay = std::chrono::seconds(1);
    static constexpr Duration kLongestDelay = std::chrono::minutes(5);
    /// A connection that lasted so long clears the backoff.
    static constexpr Duration kStable = std::chrono::seconds(30);

    struct Key {
        crypto::PeerId peer;
        net::Network network{};
        friend auto operator<=>(const Key&, const Key&) = default;
    };

    explicit DialSchedule(RandomSource& random) : random_(random) {}

    /// Wants the peer of an address with a /p2p part; dialled at once. Known already: the address is replaced.
    Result<Key> add(const Multiaddr& address, TimePoint now);
    /// Forgets the peer on both networks. False: was not wanted.
    bool remove(const crypto::PeerId& peer);
    bool wanted(const crypto::PeerId& peer) const;

    /// The next peer that is due, marked as being dialled.
    std::optional<Multiaddr> take_due(TimePoint now);
    std::optional<TimePoint> next_due() const;
    /// How a dial went. Unknown keys (removed meanwhile) are ignored.
    void failed(const Key& key, TimePoint now);
    void connected(const Key& key, TimePoint now);
    /// The connection ended: due again after the backoff.
    void disconnected(const Key& key, TimePoint now);
    std::size_t size() const noexcept { return entries_.size(); }

  private:
    enum class State : std::uint8_t { waiting, dialling, connected };
    struct Entry {
        Multiaddr address;
        State state = State::waiting;
        unsigned failures = 0;
        TimePoint due;
        TimePoint connected_at;
    };
    Duration backoff(unsigned failures);
    void wait_again(Entry& entry, TimePoint now);

    RandomSource& random_;
    std::map<Key, Entry> entries_;
};

}  // namespace sotto::node
