// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/token_bucket.hpp"

namespace sotto::whisper {

/// Seconds' worth of what is allowed that may come at once.
inline constexpr double kBurst = 4;

/// What a peer, or all peers of one address, may send in a second.
struct Rates {
    double packets = TokenBucket::kUnlimited;  ///< messages of any code
    double envelopes = TokenBucket::kUnlimited;
    double bytes = TokenBucket::kUnlimited;  ///< of payload
    friend bool operator==(const Rates&, const Rates&) = default;
};

/// One packet.
struct Load {
    double envelopes = 0;
    double bytes = 0;
};

/// Enforces Rates by making the reader wait, so that a burst is delayed and not lost; what is far above is dropped.
/// Pure. Loop thread only.
class Allowance {
  public:
    /// The longest that one packet makes the reader wait, so that a session can always end soon.
    static constexpr Duration kMaxWait = std::chrono::seconds(1);

    explicit Allowance(const Rates& rates) noexcept
        : rates_(rates),
          packets_(rates.packets, kBurst),
          envelopes_(rates.envelopes, kBurst),
          bytes_(rates.bytes, kBurst) {}

    /// Other rates begin anew, and what was owed is forgiven; the same ones change nothing.
    void set_rates(const Rates& rates) noexcept;

    /// How long to wait before the next packet is read; nullopt: drop this one, nothing was charged.
    std::optional<Duration> charge(const Load& load, TimePoint now) noexcept;
    /// Nothing is owed and nothing was taken lately.
    bool full(TimePoint now) const noexcept { return packets_.full(now) && envelopes_.full(now) && bytes_.full(now); }

  private:
    Rates rates_;
    TokenBucket packets_;
    TokenBucket envelopes_;
    TokenBucket bytes_;
};

/// The allowances of addresses, each shared by the sessions from there. One that owes outlives its sessions, so that a
/// new connection does not begin anew. Loop thread only.
class AddressAllowances {
  public:
    explicit AddressAllowances(const Rates& rates) : rates_(rates) {}

    /// Of all addresses, those that are connected too.
    void set_rates(const Rates& rates) noexcept;
    /// Null for the empty address: exempt.
    std::shared_ptr<Allowance> of(const std::string& address);
    /// Forgets those that nobody uses and that owe nothing: on a coarse tick.
    void sweep(TimePoint now);
    std::size_t size() const noexcept { return allowances_.size(); }

  private:
    Rates rates_;
    std::map<std::string, std::shared_ptr<Allowance>> allowances_;
};

}  // namespace sotto::whisper
