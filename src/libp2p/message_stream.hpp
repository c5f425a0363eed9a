// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <memory>

#include "base/env.hpp"
#include "base/task_group.hpp"
#include "net/message_stream.hpp"
#include "net/stream.hpp"

namespace sotto::libp2p {

/// Unsent bytes of one message stream; a larger message passes alone.
inline constexpr std::size_t kMaxOutbox = 1024 * 1024;

/// Makes a message stream of a byte stream, framed as message_codec.hpp says. Two tasks of `group` serve it: the only
/// writer, so that cancelling a caller never cuts a message, and one that waits for input, so that close() ends a
/// pending read at once. A peer that takes nothing for 30 s, or does not end its side within 5 s after ours, is reset.
/// Errc::busy: the group takes no more tasks.
Result<std::unique_ptr<net::MessageStream>> make_message_stream(Env env,
                                                                TaskGroup& group,
                                                                std::unique_ptr<net::Stream> stream,
                                                                net::PeerIdentity peer,
                                                                const net::ProtocolSpec& spec);

}  // namespace sotto::libp2p
