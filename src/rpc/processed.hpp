// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <list>
#include <map>

#include "base/bytes.hpp"
#include "base/clock.hpp"

namespace sotto::rpc {

/// Messages that a client has said to have processed: by what they say and where, as Status told them apart, not by
/// their envelope, so that one that was sealed twice is one. Remembered for two days, the longest that an envelope
/// lives, and at most kMax of them, the oldest going first. Pure: time comes in.
class ProcessedMessages {
  public:
    using Id = ByteArray<32>;
    static constexpr Duration kLife = std::chrono::hours(48);
    static constexpr std::size_t kMax = 100'000;

    /// keccak256(payload || topic).
    static Id id_of(BytesView payload, BytesView topic);

    void add(const Id& id, TimePoint now);
    bool contains(const Id& id, TimePoint now);
    std::size_t size() const noexcept { return known_.size(); }

  private:
    void forget(TimePoint now);

    std::map<Id, TimePoint> known_;
    std::list<Id> in_order_;  ///< oldest first
};

}  // namespace sotto::rpc
