// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "base/byte_queue.hpp"
#include "base/event.hpp"
#include "net/stream.hpp"

namespace sotto::net {

/// One direction of a pipe in memory; both ends share it. Here bytes arrive at once; a subclass may let them travel
/// (sim/pipe.hpp). Loop thread only.
class PipeDirection {
  public:
    /// `window`: bytes under way and unread; writers suspend above.
    PipeDirection(Executor executor, std::size_t window);
    PipeDirection(const PipeDirection&) = delete;
    PipeDirection& operator=(const PipeDirection&) = delete;
    virtual ~PipeDirection() = default;

    Task<Result<void>> wait_readable();
    Result<std::size_t> read(BytesSpan into);
    Task<Result<void>> write(std::vector<BytesView> pieces);
    /// The end, behind all that was written. Again: nothing.
    void finish();
    /// Ends this side; the first reason wins. The other side learns of it in its own time.
    void end_reader(const Error& why);
    void end_writer(const Error& why);
    /// Ends both sides at once; what is under way or unread is lost.
    void break_off(const Error& why);

    const std::optional<Error>& writer_ended() const noexcept { return writer_ended_; }

  protected:
    /// What was written sets out. arrive() is to be called once for each, in the same order.
    virtual void carry(BytesView bytes) { arrive(bytes); }
    virtual void carry_end() { arrive_end(); }
    /// The reader is gone: the writer is to learn of it by writer_rejected().
    virtual void carry_rejection() { writer_rejected(); }
    /// How much the next read may return at most.
    virtual std::size_t read_limit() { return std::numeric_limits<std::size_t>::max(); }
    /// What is under way is lost.
    virtual void drop() {}

    void arrive(BytesView bytes);
    void arrive_end();
    void writer_rejected();

  private:
    bool has_news() const noexcept { return reader_ended_ || end_arrived_ || !arrived_.empty(); }
    std::size_t room() const noexcept { return window_ - std::min(window_, unread_); }

    std::size_t window_;
    std::size_t unread_ = 0;
    ByteQueue arrived_;
    bool finished_ = false;
    bool end_arrived_ = false;
    std::optional<Error> reader_ended_;
    std::optional<Error> writer_ended_;
    Event readable_;
    Event writable_;
};

using StreamPair = std::pair<std::unique_ptr<Stream>, std::unique_ptr<Stream>>;

/// Two connected streams over two directions, or over plain ones.
StreamPair make_pipe(std::shared_ptr<PipeDirection> there, std::shared_ptr<PipeDirection> back);
StreamPair make_pipe(Executor executor, std::size_t window = 256 * 1024);

}  // namespace sotto::net
