// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <list>
#include <map>

#include "base/signal.hpp"
#include "base/task_group.hpp"
#include "node/host.hpp"
#include "node/link.hpp"

namespace sotto::node {

/// Runs each protocol at most once per peer over the peer's connections: one connection carries the session, the others
/// stand by. Loop thread only.
class Sessions {
  public:
    Sessions(Env env, const HostConfig& config, Signal<PeerEvent>& events)
        : env_(env), config_(config), events_(events) {}

    /// Drives one connection and its protocols until it ends.
    Task<Error> drive(Link& link);

  private:
    using Turn = std::pair<crypto::PeerId, const net::Protocol*>;
    /// A session holds its turn from the first try to open a stream until it ended.
    struct Holder {
        Link* link = nullptr;
        ProtocolSlot* slot = nullptr;
    };

    Task<void> accept_streams(Link& link);
    void on_incoming(Link& link, net::Incoming incoming);
    Task<void> run_protocol(Link& link, ProtocolSlot& slot);
    Task<bool> take_turn(Link& link, ProtocolSlot& slot);
    bool try_take_turn(Link& link, ProtocolSlot& slot);
    void give_turn_back(Link& link, ProtocolSlot& slot);
    Task<Result<std::unique_ptr<net::MessageStream>>> obtain_stream(Link& link, ProtocolSlot& slot);
    Task<void> wait_for_incoming(ProtocolSlot& slot, const Link& link, std::optional<Duration> limit);
    Task<Result<void>> run_session(Link& link, ProtocolSlot& slot, std::unique_ptr<net::MessageStream> stream);
    void tell(PeerEvent::Kind kind, const Link& link, const ProtocolSlot& slot, std::optional<Error> reason);

    Env env_;
    const HostConfig& config_;
    Signal<PeerEvent>& events_;
    std::list<Link*> links_;
    std::map<Turn, Holder> turns_;
};

}  // namespace sotto::node
