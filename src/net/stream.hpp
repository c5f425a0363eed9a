// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include "base/bytes.hpp"
#include "base/task.hpp"

namespace sotto::net {

/// An ordered, reliable pipe of bytes: tcp, memory, a yamux stream, a secure channel.
///
/// Contract, checked for every implementation by stream_suite.hpp:
/// - one reader and one writer at a time; a second pending read or write is a bug.
/// - The caller's memory is borrowed until the call ends or its task is cancelled.
/// - Operations hold shared state: destroying the stream with operations pending is legal, means reset, and they end
///   with an error. Nothing completes inside reset() or a destructor.
/// - `write` ok means taken, not delivered. To end well: close_write(), read to the end, then destroy (see finish()).
/// Loop thread only.
class Stream {
  public:
    virtual ~Stream() = default;
    /// Suspends until try_read() has something to say. Always through the loop, so that a busy reader yields each turn.
    virtual Task<Result<void>> readable() = 0;
    /// Takes what is there, at most into.size() bytes. 0: the peer closed its side. would_block: await readable().
    virtual Result<std::size_t> try_read(BytesSpan into) noexcept = 0;
    /// Writes all pieces in order; suspends while the other end does not take them.
    virtual Task<Result<void>> write(Buffers pieces) = 0;
    /// Ends our direction, behind all data.
    virtual Task<Result<void>> close_write() = 0;
    /// At once: pending and later operations end with `why`. The first reason wins.
    virtual void reset(Error why) noexcept = 0;
};

Task<Result<void>> write(Stream& stream, BytesView bytes);
/// At least one byte; 0 at the end of the stream.
Task<Result<std::size_t>> read_some(Stream& stream, BytesSpan into);
/// Fills `into`; Errc::closed when the stream ends before.
Task<Result<void>> read_exact(Stream& stream, BytesSpan into);
/// close_write(), then reads and drops up to `limit` bytes until the peer ends too.
Task<Result<void>> finish(Stream& stream, std::size_t limit);

}  // namespace sotto::net
