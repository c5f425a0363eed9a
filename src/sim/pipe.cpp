// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "sim/pipe.hpp"

#include <list>

#include "sim/world.hpp"

namespace sotto::sim {
namespace {

constexpr Duration kRetransmission = std::chrono::milliseconds(200);
constexpr std::size_t kPacket = 1400;

/// Bytes travel over a link.
class Direction final : public net::PipeDirection {
  public:
    Direction(World& world, const Link& link, std::shared_ptr<LinkControl> control)
        : PipeDirection(world.env().executor, link.window),
          world_(world),
          number_(world.next_number()),
          link_(link),
          control_(std::move(control)) {
        if (!control_) return;
        healed_ = control_->healed.subscribe([this] {
            if (std::exchange(rejection_held_, false)) writer_rejected();
            deliver();
        });
        broken_ = control_->broken.subscribe([this] { break_off(Error(Errc::reset, "the link was reset")); });
    }

  private:
    struct Chunk {
        Bytes bytes;
        bool end;
        TimePoint due;
    };

    void carry(BytesView bytes) override { set_out({to_bytes(bytes), false, arrival(bytes.size())}); }
    void carry_end() override { set_out({{}, true, arrival(0)}); }
    void carry_rejection() override {
        rejection_ = world_.after(link_.latency, [this] {
            rejection_held_ = is_cut();
            if (!rejection_held_) writer_rejected();
        });
    }
    std::size_t read_limit() override {
        if (link_.max_read == 0) return PipeDirection::read_limit();
        return static_cast<std::size_t>(1 + world_.random().below(link_.max_read));
    }
    void drop() override {
        flying_.clear();
        timer_.reset();
    }

    TimePoint arrival(std::size_t size) {
        auto delay =
            link_.latency + Duration(world_.random().below(static_cast<std::uint64_t>(link_.jitter.count()) + 1));
        for (std::size_t at = 0; link_.loss > 0 && at < size; at += kPacket) {
            if (is_lost()) delay += kRetransmission + 2 * link_.latency;
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
    bool is_cut() const noexcept { return control_ && control_->is_cut(); }
    bool is_lost() { return world_.random().below(1'000'000) < static_cast<std::uint64_t>(link_.loss * 1e6); }
    void set_out(Chunk chunk) {
        flying_.push_back(std::move(chunk));
        arm();
    }
    void arm() {
        if (timer_.armed() || flying_.empty()) return;
        timer_ = world_.after(flying_.front().due - world_.now(), [this] { deliver(); });
    }
    /// A cut link keeps what is due until it is healed.
    void deliver() {
        if (is_cut()) return;
        while (!flying_.empty() && flying_.front().due <= world_.now()) {
            const auto chunk = std::move(flying_.front());
            flying_.pop_front();
            world_.note(number_ * 2 + (chunk.end ? 1 : 0));
            world_.note(chunk.bytes);
            if (chunk.end) {
                arrive_end();
            } else {
                arrive(chunk.bytes);
            }
        }
        timer_.reset();
        arm();
    }

    World& world_;
    std::uint64_t number_;
    Link link_;
    std::shared_ptr<LinkControl> control_;
    std::list<Chunk> flying_;
    TimePoint wire_free_{};
    TimePoint last_due_{};
    Timer timer_;
    Timer rejection_;
    bool rejection_held_ = false;
    Subscription healed_;
    Subscription broken_;
};

}  // namespace

StreamPair make_pipe(World& world, const Link& link, std::shared_ptr<LinkControl> control) {
    auto there = std::make_shared<Direction>(world, link, control);
    auto back = std::make_shared<Direction>(world, link, std::move(control));
    return net::make_pipe(std::move(there), std::move(back));
}

}  // namespace sotto::sim
