// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/call_rate.hpp"

#include <algorithm>
#include <utility>

#include "codec/multiaddr.hpp"

namespace sotto::rpc {
namespace {

constexpr double kBurst = 1;  // seconds' worth
constexpr std::size_t kIpv6Bytes = 16;
constexpr std::ptrdiff_t kIpv6Network = 8;

}  // namespace

void CallRate::forget_idle(TimePoint now) {
    // A full bucket says no more than no bucket.
    std::erase_if(buckets_, [now](const auto& entry) { return entry.second.full(now); });
    if (buckets_.size() < kMaxClients) return;
    const auto least_recent =
        std::ranges::min_element(buckets_, {}, [](const auto& entry) { return entry.second.last_use(); });
    buckets_.erase(least_recent);
}

bool CallRate::take(std::string_view client, std::uint64_t per_second, TimePoint now) {
    if (std::exchange(per_second_, per_second) != per_second) buckets_.clear();
    if (per_second == ~std::uint64_t{0}) return true;
    auto it = buckets_.find(client);
    if (it == buckets_.end()) {
        if (buckets_.size() >= kMaxClients) forget_idle(now);
        it = buckets_.emplace(client, TokenBucket(static_cast<double>(per_second), kBurst)).first;
    }
    return it->second.try_take(1, now);
}

std::string client_at(std::string_view ip) {
    auto address = parse_ip(ip);
    if (!address || address->size() != kIpv6Bytes) return std::string(ip);
    std::fill(address->begin() + kIpv6Network, address->end(), std::uint8_t{0});
    return ip_to_string(*address);
}

}  // namespace sotto::rpc
