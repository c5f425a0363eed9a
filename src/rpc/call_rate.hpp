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

    /// One more call of `client`, whatever names it. False: too soon. With another `per_second` than before
    /// everybody begins anew; ~0 is no limit.
    bool take(std::string_view client, std::uint64_t per_second, TimePoint now);
    std::size_t clients() const noexcept { return buckets_.size(); }

  private:
    void forget_idle(TimePoint now);

    std::uint64_t per_second_ = 0;
    std::map<std::string, TokenBucket, std::less<>> buckets_;
};

/// Names the client at an IP address in text form: with IPv6 by its /64, in which one household or machine has any
/// number of addresses.
std::string client_at(std::string_view ip);

}  // namespace sotto::rpc
