// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <string_view>
#include <vector>

#include "base/env.hpp"
#include "libp2p/identify.hpp"
#include "net/stream.hpp"

namespace sotto::libp2p {

/// What a service sees of the connection that its stream belongs to. Valid while the connection runs.
class ServiceContext {
  public:
    virtual ~ServiceContext() = default;
    virtual const net::PeerIdentity& peer() const noexcept = 0;
    virtual IdentifyInfo describe_us() const = 0;
    virtual void learn(IdentifyInfo info) = 0;
};

/// A protocol on byte streams that the node serves by itself. serve() runs once a stream, after its negotiation; the
/// connection then ends the stream.
struct Service {
    std::string_view protocol_id;
    Task<Result<void>> (*serve)(ServiceContext& context, net::Stream& stream);
};

/// Ping, heartbeat and identify always; the others by choice.
std::vector<Service> make_services(bool echo, bool perf);

}  // namespace sotto::libp2p
