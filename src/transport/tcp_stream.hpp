// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <memory>

#include "base/env.hpp"
#include "net/stream.hpp"

namespace sotto::transport {

/// Takes over a connected, non-blocking TCP socket.
std::unique_ptr<net::Stream> make_tcp_stream(Env env, int connected_socket, bool ipv6);

}  // namespace sotto::transport
