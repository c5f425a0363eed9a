// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "sim/pipe.hpp"

#include <list>

#include "base/byte_queue.hpp"
#include "base/event.hpp"
#include "base/this_executor.hpp"
#include "sim/world.hpp"

namespace sotto::sim {
namespace {

constexpr Duration kRetransmission = std::chrono::milliseconds(200);
constexpr Duration kHealPoll = std::chrono::milliseconds(50);
constexpr std::size_t kPacket = 1400;

/// Bytes on their way from one end to the other.
class Direction {
  public:
    Direction(World& world, const Link& link, std::shared_ptr<LinkControl> control)
        : readable(world.env().executor),
          writable(world.env().executor),
          world_(world),
          link_(link),
          control_(std::move(control)) {}

    std::size_t room() const noexcept { return link_.window - std::min(link_.window, unread_); }

    void send(BytesView bytes) {
        unread_ += bytes.size();
        flying_.push_back({to_bytes(bytes), false, arrival(bytes.size())});
        arm();
    }
    void send_end() {
        flying_.push_back({{}, true, arrival(0)});
        arm();
    }
    Result<std::size_t> read(BytesSpan into) {
        if (reader_ended) return fail(*reader_ended);
        if (arrived_.empty()) {
            if (end_arrived_) return std::size_t{0};
            return fail(Errc::would_block);
        }
        if (link_.max_read > 0) {
            into = into.first(std::min<std::size_t>(into.size(), 1 + world_.random().below(link_.max_read)));
        }
        const auto count = arrived_.read(into);
        unread_ -= count;
        writable.notify();
        return count;
    }
    bool has_news() const noexcept { return reader_ended || end_arrived_ || !arrived_.empty(); }
    /// The reader is gone: the writer learns after the way back.
    void abandon() {
        abandoned_ = world_.after(link_.latency, [this] {
            if (!writer_ended) writer_ended.emplace(Errc::reset, "the peer closed the connection");
            writable.notify();
        });
    }

    std::optional<Error> reader_ended;
    std::optional<Error> writer_ended;
    Event readable;
    Event writable;

  private:
    struct Chunk {
        Bytes bytes;
        bool end;
        TimePoint due;
    };

    TimePoint arrival(std::size_t size) {
        auto delay =
            link_.latency + Duration(world_.random().below(static_cast<std::uint64_t>(link_.jitter.count()) + 1));
        for (std::size_t at = 0; link_.loss > 0 && at < size; at += kPacket) {
            const bool lost = world_.random().below(1'000'000) < static_cast<std::uint64_t>(link_.loss * 1e6);
            if (lost) delay += kRetransmission + 2 * link_.latency;
        }
        auto start = std::max(world_.now(), wire_free_);
        if (link_.bytes_per_second > 0) {
            start = start + Duration(static_cast<std::int64_t>(size * 1'000'000'000ull / link_.bytes_per_second));
            wire_free_ = start;
        }
        // In order: nothing overtakes what was sent before.
        last_due_ = std::max(last_due_, start + delay);
        return last_due_;
    }
    void arm() {
        if (timer_.armed() || flying_.empty()) return;
        timer_ = world_.after(flying_.front().due - world_.now(), [this] { deliver(); });
    }
    void deliver() {
        if (control_ && control_->is_cut()) {
            timer_ = world_.after(kHealPoll, [this] { deliver(); });
            return;
        }
        while (!flying_.empty() && flying_.front().due <= world_.now()) {
            auto chunk = std::move(flying_.front());
            flying_.pop_front();
            world_.note(chunk.bytes.size() + (chunk.end ? 1ull << 40 : 0));
            if (chunk.end) end_arrived_ = true;
            if (!reader_ended) arrived_.append(chunk.bytes);
        }
        readable.notify();
        timer_.reset();
        arm();
    }

    World& world_;
    Link link_;
    std::shared_ptr<LinkControl> control_;
    std::list<Chunk> flying_;
    ByteQueue arrived_;
    std::size_t unread_ = 0;
    bool end_arrived_ = false;
    TimePoint wire_free_{};
    TimePoint last_due_{};
    Timer timer_;
    Timer abandoned_;
};

using Shared = std::shared_ptr<Direction>;

class PipeEnd final : public net::Stream {
  public:
    PipeEnd(Shared in, Shared out) : in_(std::move(in)), out_(std::move(out)) {}
    ~PipeEnd() override { reset(Error(Errc::reset, "the stream was destroyed")); }

    Task<Result<void>> readable() override { return wait_readable(in_); }
    Result<std::size_t> try_read(BytesSpan into) noexcept override { return in_->read(into); }
    Task<Result<void>> write(Buffers pieces) override { return write_all(out_, {pieces.begin(), pieces.end()}); }
    Task<Result<void>> close_write() override {
        if (out_->writer_ended) co_return fail(*out_->writer_ended);
        if (!std::exchange(finished_, true)) out_->send_end();
        co_return Result<void>{};
    }
    void reset(Error why) noexcept override {
        if (in_->reader_ended) return;
        in_->reader_ended.emplace(why);
        if (!out_->writer_ended) out_->writer_ended.emplace(std::move(why));
        if (!std::exchange(finished_, true)) out_->send_end();
        in_->abandon();
        in_->readable.notify();
        out_->writable.notify();
    }

  private:
    static Task<Result<void>> wait_readable(Shared in) {
        if (in->has_news()) co_await yield_now();
        while (!in->has_news()) co_await in->readable.wait();
        if (in->reader_ended) co_return fail(*in->reader_ended);
        co_return Result<void>{};
    }
    static Task<Result<void>> write_all(Shared out, std::vector<BytesView> pieces) {
        for (auto piece : pieces) {
            while (!piece.empty()) {
                while (out->room() == 0 && !out->writer_ended) co_await out->writable.wait();
                if (out->writer_ended) co_return fail(*out->writer_ended);
                const auto part = piece.first(std::min(piece.size(), out->room()));
                out->send(part);
                piece = piece.subspan(part.size());
            }
        }
        if (out->writer_ended) co_return fail(*out->writer_ended);
        co_return Result<void>{};
    }

    Shared in_;
    Shared out_;
    bool finished_ = false;
};

}  // namespace

StreamPair make_pipe(World& world, const Link& link, std::shared_ptr<LinkControl> control) {
    const auto there = std::make_shared<Direction>(world, link, control);
    const auto back = std::make_shared<Direction>(world, link, std::move(control));
    return {std::make_unique<PipeEnd>(back, there), std::make_unique<PipeEnd>(there, back)};
}

}  // namespace sotto::sim
