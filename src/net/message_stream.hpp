// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <functional>

#include "base/task.hpp"
#include "net/peer.hpp"

namespace sotto::net {

using Code = std::uint32_t;

struct Message {
    Code code = 0;
    Bytes payload;  ///< one RLP item
};

/// Ordered messages with one authenticated peer, for one protocol: a devp2p capability, or RLP-framed on a libp2p
/// stream. The point where the two networks meet. Contract as Stream's. Loop thread only.
class MessageStream {
  public:
    virtual ~MessageStream() = default;
    virtual const PeerIdentity& peer() const noexcept = 0;
    virtual Network network() const noexcept = 0;
    /// The next message. A message above ProtocolSpec::max_message ends the stream with too_large before its body is
    /// read.
    virtual Task<Result<Message>> read() = 0;
    /// What is in the inbox already, without suspending; would_block otherwise.
    virtual Result<Message> try_read() = 0;
    /// One message whose payload is the pieces in order. Any number of tasks may write; messages stay whole. Suspends
    /// while the byte-bounded outbox is full. Ok means taken.
    virtual Task<Result<void>> write(Code code, Buffers payload) = 0;
    /// Ends the stream after what was written is sent. The first reason wins.
    virtual void close(Error why) noexcept = 0;
};

struct ProtocolSpec {
    std::string_view name;         ///< devp2p capability name, at most 8 characters
    unsigned version = 0;          ///< devp2p capability version
    unsigned message_count = 0;    ///< devp2p: length of the code range
    std::size_t max_message = 0;   ///< bytes of one payload
    std::string_view protocol_id;  ///< libp2p protocol id, such as "/shh/6.0"
};

/// A sub-protocol: one run() per peer, the same object on both networks. It returns when the stream ends; an error with
/// blame peer disconnects the peer.
class Protocol {
  public:
    /// To be called once, when the protocol's own handshake is done: only then does the host say `connected`.
    using Established = std::move_only_function<void()>;

    virtual ~Protocol() = default;
    virtual const ProtocolSpec& spec() const noexcept = 0;
    virtual Task<Result<void>> run(MessageStream& stream, Established established) = 0;
};

}  // namespace sotto::net
