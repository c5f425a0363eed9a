// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <compare>
#include <optional>

#include "base/bytes.hpp"

namespace sotto {

/// Codes of the multiaddr table that the project decodes (multiformats/multiaddr protocols.csv), and `rlpx`: a private
/// code that marks the devp2p transport, takes no value and is never sent to others.
enum class AddrCode : std::uint32_t {
    ip4 = 4,
    tcp = 6,
    ip6 = 41,
    ip6zone = 42,
    ipcidr = 43,
    dns = 53,
    dns4 = 54,
    dns6 = 55,
    dnsaddr = 56,
    udp = 273,
    p2p_circuit = 290,
    p2p = 421,
    tls = 448,
    sni = 449,
    noise = 454,
    quic_v1 = 461,
    webtransport = 465,
    certhash = 466,
    ws = 477,
    wss = 478,
    memory = 777,
    rlpx = 0x300001,
};

/// A self-describing address: a sequence of (protocol, value). Holds a valid one by construction: every code is of the
/// published table and every value well formed. At most 1,024 bytes and 32 parts.
class Multiaddr {
  public:
    struct Part {
        AddrCode code{};  ///< may be a table code that has no name in the enum
        Bytes value;      ///< binary form without a length prefix
        friend bool operator==(const Part&, const Part&) = default;
    };

    Multiaddr() = default;
    /// "/ip4/127.0.0.1/tcp/60000/p2p/16Uiu2…". A trailing slash is trimmed.
    static Result<Multiaddr> parse(std::string_view text);
    static Result<Multiaddr> decode(BytesView binary);
    static Multiaddr from_ip(BytesView ip4_or_ip6, std::uint16_t tcp_port);

    std::string to_string() const;
    Bytes encode() const;

    const std::vector<Part>& parts() const noexcept { return parts_; }
    bool empty() const noexcept { return parts_.empty(); }
    /// The first part of that code, or null.
    const Part* find(AddrCode code) const noexcept;
    bool has(AddrCode code) const noexcept { return find(code) != nullptr; }
    /// The address with one more part, for which the caller vouches: another value than the code allows is a bug.
    Multiaddr with(AddrCode code, Bytes value = {}) const;
    /// Without the /p2p part at its end, if there is one.
    Multiaddr without_peer() const;

    std::optional<std::uint16_t> tcp_port() const noexcept;
    /// 4 or 16 bytes when the address begins with an IP; empty otherwise.
    BytesView ip() const noexcept;
    /// Multihash of the /p2p part at the end; empty without one. That of a relay in the middle is not meant.
    BytesView peer_id() const noexcept;

    friend bool operator==(const Multiaddr&, const Multiaddr&) = default;
    friend std::strong_ordering operator<=>(const Multiaddr& a, const Multiaddr& b);

  private:
    std::vector<Part> parts_;
};

/// Textual IP addresses: "127.0.0.1", "::1" (RFC 4291, RFC 5952).
Result<Bytes> parse_ip(std::string_view text);
std::string ip_to_string(BytesView ip4_or_ip6);

}  // namespace sotto
