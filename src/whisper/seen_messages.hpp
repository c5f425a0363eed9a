// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <map>
#include <unordered_set>

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
    struct HashOf {
        std::size_t operator()(const Hash& hash) const noexcept { return load_be<std::uint64_t>(hash); }
    };
    void forget_first();

    std::unordered_set<Hash, HashOf> ids_;
    std::multimap<std::uint32_t, Hash> by_expiry_;
};

}  // namespace sotto::whisper
