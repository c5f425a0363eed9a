// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include "net/message_stream.hpp"

/// Messages on a libp2p stream as `/shh/6.0` frames them (status-im/whisper): the code as an RLP unsigned integer, then
/// the payload as one raw RLP item, with no length around them.
namespace sotto::libp2p {

void append_message(Bytes& out, net::Code code, Buffers payload);

/// Collects one message from bytes cut anywhere. It never asks for a byte behind it. Memory grows with what has come,
/// not with what a header promises.
class MessageReader {
  public:
    /// `max_message`: bytes of a payload, its RLP header included.
    explicit MessageReader(std::size_t max_message) noexcept : max_message_(max_message) {}

    /// Where the next bytes go; never empty.
    BytesSpan want();
    /// After `count` bytes were put there. True: take() has a message. Fails with malformed (the code is not a
    /// canonical integer below 2^32, or a header is not canonical) or too_large.
    Result<bool> take(std::size_t count);
    net::Message take_message();
    /// Bytes of a message that is not complete were taken.
    bool in_message() const noexcept { return have_ > 0 || code_known_; }

  private:
    Result<bool> on_code_byte();
    Result<bool> on_payload();

    std::size_t max_message_;
    Bytes buffer_;
    std::size_t have_ = 0;
    std::size_t total_ = 0;  ///< size of the item; 0: its header is not complete
    net::Code code_ = 0;
    bool code_known_ = false;
};

}  // namespace sotto::libp2p
