// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/token_bucket.hpp"

namespace sotto::rpc {

/// How many calls each client may make: a token bucket a client that holds one second's worth. Remembers only clients
/// that have called within the last second or so, and at most kMaxClients. Pure: time comes in.
class CallRate {
  public:
    static constexpr std::size_t kMaxClients = 4096;

    /// A rate of ~0 is no limit.
    explicit CallRate(std::uint64_t calls_per_second) : rate_(calls_per_second) {}

    /// One more call of `client`, its IP address in text form. False: too soon.
    bool take(std::string_view client, TimePoint now);
    std::uint64_t per_second() const noexcept { return rate_; }
    std::size_t clients() const noexcept { return buckets_.size(); }

  private:
    void forget_idle(TimePoint now);

    std::uint64_t rate_;
    std::map<std::string, TokenBucket, std::less<>> buckets_;
};

}  // namespace sotto::rpc
