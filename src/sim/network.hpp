// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <memory>
#include <vector>

#include "net/transport.hpp"
#include "sim/pipe.hpp"

namespace sotto::sim {

using Ip4 = ByteArray<4>;

/// A TCP/IPv4 internet inside a World: nodes by address, links by default and by pair, partitions, and nodes that die.
/// Everything has the order in which it came, so the same seed gives the same run. Outlives all that it makes.
class Network {
  public:
    explicit Network(World& world);
    Network(const Network&) = delete;
    Network& operator=(const Network&) = delete;
    ~Network();

    /// The node's way to dial and listen over /ip4/…/tcp/…, with /rlpx kept in the addresses it reports, as TCP has it.
    /// It listens on its own address only; port 0 is any. To dial takes one round trip, and a second more for each lost
    /// try; refused where nobody listens; timed_out at the deadline while the way is cut. One living transport per ip.
    std::unique_ptr<net::Transport> transport(Ip4 ip);

    /// For connections made from now on. The link of a pair wins over the default.
    void set_link(const Link& link);
    void set_link(Ip4 a, Ip4 b, const Link& link);

    /// Cuts every way between `side` and all others: bytes and dials are held back, no stream ends by itself. Adds to
    /// what is cut already.
    void partition(const std::vector<Ip4>& side);
    void heal();

    /// As kill -9: its streams are reset, its listeners are gone and its transport is of no more use; the address is
    /// free for a new one. The others see their streams end.
    void kill(Ip4 ip);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace sotto::sim
