// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <string_view>

#include "net/stream.hpp"

namespace sotto::libp2p {

inline constexpr std::string_view kEchoId = "/echo/1.0.0";

/// Sends back what comes until the peer ends its side (libp2p's example protocol, used by test suites).
Task<Result<void>> serve_echo(net::Stream& stream);

}  // namespace sotto::libp2p
