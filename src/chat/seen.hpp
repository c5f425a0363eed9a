// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <cstddef>
#include <set>
#include <vector>

#include "crypto/keccak.hpp"

namespace sotto::chat {

/// Remembers the last `limit` message ids, so that a message which comes in several envelopes is shown once.
class SeenIds {
  public:
    explicit SeenIds(std::size_t limit) : limit_(limit) {}

    /// True: for the first time.
    bool insert(const crypto::Hash256& id) {
        if (!ids_.insert(id).second) return false;
        if (order_.size() < limit_) {
            order_.push_back(id);
        } else {
            ids_.erase(order_[oldest_]);
            order_[oldest_] = id;
            oldest_ = (oldest_ + 1) % limit_;
        }
        return true;
    }

  private:
    std::size_t limit_;
    std::set<crypto::Hash256> ids_;
    std::vector<crypto::Hash256> order_;  ///< a ring
    std::size_t oldest_ = 0;
};

}  // namespace sotto::chat
