// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/call_rate.hpp"

#include <algorithm>

namespace sotto::rpc {

double CallRate::refilled(const Bucket& bucket, TimePoint now) const noexcept {
    const auto limit = static_cast<double>(rate_);
    return std::min(limit, bucket.calls + std::chrono::duration<double>(now - bucket.at).count() * limit);
}

void CallRate::forget_idle(TimePoint now) {
    // A full bucket says no more than no bucket.
    std::erase_if(buckets_,
                  [&](const auto& entry) { return refilled(entry.second, now) >= static_cast<double>(rate_); });
    if (buckets_.size() < kMaxClients) return;
    const auto least_recent = std::ranges::min_element(buckets_, {}, [](const auto& entry) { return entry.second.at; });
    buckets_.erase(least_recent);
}

bool CallRate::take(std::string_view client, TimePoint now) {
    if (rate_ == ~std::uint64_t{0}) return true;
    auto it = buckets_.find(client);
    if (it == buckets_.end()) {
        if (buckets_.size() >= kMaxClients) forget_idle(now);
        it = buckets_.emplace(client, Bucket{static_cast<double>(rate_), now}).first;
    }
    auto& bucket = it->second;
    bucket.calls = refilled(bucket, now);
    bucket.at = now;
    if (bucket.calls < 1) return false;
    bucket.calls -= 1;
    return true;
}

}  // namespace sotto::rpc
