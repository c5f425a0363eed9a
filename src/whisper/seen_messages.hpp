// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <map>
#include <set>

#include "whisper/envelope.hpp"

namespace sotto::whisper {

/// The messages that were handed out, by what is in their envelopes: a message that its sender sealed again, or that
/// somebody replays under a new nonce, is handed out once. Bounded; the one that expires first is forgotten first.
/// Pure. Loop thread only.
class SeenMessages {
  public:
    static constexpr std::size_t kMost = 100'000;

    /// False: it was there already.
    bool add(const EnvelopeView& envelope);
    /// `now` in seconds since 1970.
    void expire(std::uint64_t now);
    std::size_t size() const noexcept { return ids_.size(); }

  private:
    void forget_first();

    std::set<Hash> ids_;  ///< ordered: strangers may choose hashes that share a bucket
    std::multimap<std::uint32_t, Hash> by_expiry_;
};

}  // namespace sotto::whisper
