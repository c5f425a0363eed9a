// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "net/pipe.hpp"

#include "base/assert.hpp"
#include "base/this_executor.hpp"

namespace sotto::net {
namespace {

using Shared = std::shared_ptr<PipeDirection>;

// Coroutines that hold what they use: the stream may be destroyed meanwhile.
Task<Result<void>> wait_readable(Shared in) {
    co_return co_await in->wait_readable();
}
Task<Result<void>> write_all(Shared out, std::vector<BytesView> pieces) {
    co_return co_await out->write(std::move(pieces));
}

class PipeEnd final : public Stream {
  public:
    PipeEnd(Shared in, Shared out) : in_(std::move(in)), out_(std::move(out)) {}
    ~PipeEnd() override { reset(Error(Errc::reset, "the stream was destroyed")); }

    Task<Result<void>> readable() override { return net::wait_readable(in_); }
    Result<std::size_t> try_read(BytesSpan into) noexcept override { return in_->read(into); }
    Task<Result<void>> write(Buffers pieces) override { return write_all(out_, {pieces.begin(), pieces.end()}); }
    Task<Result<void>> close_write() override {
        if (out_->writer_ended()) co_return fail(*out_->writer_ended());
        out_->finish();
        co_return Result<void>{};
    }
    void reset(Error why) noexcept override {
        in_->end_reader(why);
        out_->end_writer(why);
    }

  private:
    Shared in_;
    Shared out_;
};

}  // namespace

PipeDirection::PipeDirection(Executor executor, std::size_t window)
    : window_(window), readable_(executor), writable_(executor) {
    SOTTO_ASSERT(window > 0, "nothing passes a pipe without a window");
}

Task<Result<void>> PipeDirection::wait_readable() {
    if (has_news()) co_await yield_now();
    while (!has_news()) co_await readable_.wait();
    if (reader_ended_) co_return fail(*reader_ended_);
    co_return Result<void>{};
}

Result<std::size_t> PipeDirection::read(BytesSpan into) {
    if (reader_ended_) return fail(*reader_ended_);
    if (arrived_.empty()) {
        if (end_arrived_) return std::size_t{0};
        return fail(Errc::would_block);
    }
    const auto count = arrived_.read(into.first(std::min(into.size(), read_limit())));
    unread_ -= count;
    writable_.notify();
    return count;
}

Task<Result<void>> PipeDirection::write(std::vector<BytesView> pieces) {
    // A write that is cancelled half-way must not leave a cut frame behind.
    struct Guard {
        PipeDirection& direction;
        bool cut = false;
        ~Guard() {
            if (cut) direction.end_writer(Error(Errc::reset, "a write was cancelled half-way"));
        }
    } guard{*this};
    for (auto piece : pieces) {
        while (!piece.empty()) {
            while (room() == 0 && !finished_) co_await writable_.wait();
            if (finished_) break;
            const auto part = piece.first(std::min(piece.size(), room()));
            unread_ += part.size();
            guard.cut = true;
            carry(part);
            piece = piece.subspan(part.size());
        }
    }
    guard.cut = false;
    if (writer_ended_) co_return fail(*writer_ended_);
    if (finished_) co_return fail(Errc::closed, "our direction has ended already");
    co_return Result<void>{};
}

void PipeDirection::finish() {
    if (std::exchange(finished_, true)) return;
    writable_.notify();
    carry_end();
}

void PipeDirection::end_reader(const Error& why) {
    if (reader_ended_) return;
    reader_ended_ = why;
    arrived_.clear();
    readable_.notify();
    carry_rejection();
}

void PipeDirection::end_writer(const Error& why) {
    if (writer_ended_) return;
    writer_ended_ = why;
    finish();
}

void PipeDirection::break_off(const Error& why) {
    if (!reader_ended_) reader_ended_ = why;
    if (!writer_ended_) writer_ended_ = why;
    finished_ = true;
    arrived_.clear();
    drop();
    readable_.notify();
    writable_.notify();
}

void PipeDirection::arrive(BytesView bytes) {
    if (reader_ended_) return;
    arrived_.append(bytes);
    readable_.notify();
}

void PipeDirection::arrive_end() {
    end_arrived_ = true;
    readable_.notify();
}

void PipeDirection::writer_rejected() {
    end_writer(Error(Errc::reset, "the peer closed the connection"));
}

StreamPair make_pipe(std::shared_ptr<PipeDirection> there, std::shared_ptr<PipeDirection> back) {
    return {std::make_unique<PipeEnd>(back, there), std::make_unique<PipeEnd>(there, back)};
}

StreamPair make_pipe(Executor executor, std::size_t window) {
    return make_pipe(std::make_shared<PipeDirection>(executor, window),
                     std::make_shared<PipeDirection>(executor, window));
}

}  // namespace sotto::net
