// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include "base/token_bucket.hpp"
#include "node/node.hpp"

namespace sotto::node {

/// What a running node tells its operator, at info: each peer that comes or goes, and every ten minutes how the node is
/// and what it did since. The node outlives it. Loop thread only.
class Logbook {
  public:
    explicit Logbook(Node& node);
    Logbook(const Logbook&) = delete;
    Logbook& operator=(const Logbook&) = delete;

  private:
    void tell_peer(const PeerEvent& event);
    void arm();
    void tell_health();

    Node& node_;
    TokenBucket lines_;
    std::uint64_t left_out_ = 0;  ///< peers that were too many to be told, since the latest line of health
    whisper::Counters before_;
    Timer timer_;
    Subscription peers_;
};

}  // namespace sotto::node
