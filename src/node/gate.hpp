// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "codec/multiaddr.hpp"
#include "node/limits.hpp"

namespace sotto::node {

/// An address range, "10.0.0.0/8" or "fd00::/8"; a bare address is a range of one.
struct Cidr {
    Bytes address;  ///< 4 or 16 bytes
    unsigned bits = 0;
    static Result<Cidr> parse(std::string_view text);
    bool contains(BytesView ip) const noexcept;
    friend bool operator==(const Cidr&, const Cidr&) = default;
};

/// Decides which inbound connections may begin, and counts them while they last. Pure: time comes in. An IPv4 address
/// mapped into IPv6 counts as IPv4.
class Gate {
  public:
    Gate(const Limits& limits, std::vector<Cidr> exempt);

    /// Counts one place for the address; give it back with leave(). Refused with the limit's name.
    Result<void> enter(const Multiaddr& remote, TimePoint now);
    void leave(const Multiaddr& remote) noexcept;
    /// What connections of one host have in common, whichever the port; empty when the address is exempt.
    std::string host_key(const Multiaddr& remote) const;

  private:
    struct Keys {
        Bytes host;
        Bytes subnet;
    };
    Keys keys_of(BytesView ip) const;
    bool exempt(BytesView ip) const noexcept;

    const Limits& limits_;
    std::vector<Cidr> exempt_;
    std::map<Bytes, std::uint64_t> hosts_;
    std::map<Bytes, std::uint64_t> subnets_;
    TimePoint second_{};
    std::uint64_t accepted_this_second_ = 0;
};

}  // namespace sotto::node
