// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <memory>

#include "devp2p/capabilities.hpp"
#include "devp2p/rlpx_frame.hpp"
#include "net/connection.hpp"

namespace sotto::devp2p {

struct ConnectionConfig {
    std::size_t outbox_bytes = 1024 * 1024;  ///< unsent; writers wait above, unless all is sent
    std::size_t inbox_bytes = 1024 * 1024;   ///< received and not read, a capability; reading pauses above
    Duration ping_interval = std::chrono::seconds(15);
    Duration read_timeout = std::chrono::seconds(30);  ///< without a frame, or 8 KiB of one, while we read
    Duration write_stall = std::chrono::seconds(30);   ///< for a peer to take 64 KiB
    Duration goodbye_limit = std::chrono::seconds(2);  ///< for a Disconnect to leave
};

/// What the upgrader hands over: a stream behind the handshake and both Hellos.
struct Established {
    std::unique_ptr<net::Stream> stream;
    std::unique_ptr<FrameEncoder> encoder;
    std::unique_ptr<FrameDecoder> decoder;
    Bytes leftover;  ///< read behind their Hello
    net::PeerIdentity peer;
    bool snappy = false;  ///< their Hello has a version of 5 or more
    std::vector<SharedCapability> capabilities;
    net::ConnectionInfo info;
};

/// Largest content of a frame whose message is within `max_message`: what snappy may make of it, the code, and slack.
std::size_t max_frame_content(std::size_t max_message) noexcept;

/// The connection that run() drives. Its message streams are the shared capabilities; to destroy one ends it.
std::unique_ptr<net::Connection> make_connection(Env env, const ConnectionConfig& config, Established established);

}  // namespace sotto::devp2p
