// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/processed.hpp"

#include "crypto/keccak.hpp"

namespace sotto::rpc {

ProcessedMessages::Id ProcessedMessages::id_of(BytesView payload, BytesView topic) {
    Bytes both(payload.begin(), payload.end());
    both.insert(both.end(), topic.begin(), topic.end());
    return crypto::keccak256(both);
}

void ProcessedMessages::forget(TimePoint now) {
    while (!in_order_.empty()) {
        const auto oldest = known_.find(in_order_.front());
        if (known_.size() <= kMax && now - oldest->second < kLife) return;
        known_.erase(oldest);
        in_order_.pop_front();
    }
}

void ProcessedMessages::add(const Id& id, TimePoint now) {
    if (known_.try_emplace(id, now).second) in_order_.push_back(id);
    forget(now);
}

bool ProcessedMessages::contains(const Id& id, TimePoint now) {
    forget(now);
    return known_.contains(id);
}

}  // namespace sotto::rpc
