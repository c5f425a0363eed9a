// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "base/loop.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <exception>
#include <optional>

#include "base/timer_queue.hpp"

namespace sotto {
namespace {

namespace asio = boost::asio;
using Steady = std::chrono::steady_clock;

/// One system timer for all timers of the loop: it is set for the first one due.
class SystemClock final : public Clock {
  public:
    explicit SystemClock(asio::io_context& io) : timer_(io) {}

    TimePoint now() const noexcept override { return {Steady::now().time_since_epoch()}; }
    WallTime wall() const noexcept override { return {std::chrono::system_clock::now().time_since_epoch()}; }
    Timer after(Duration delay, std::move_only_function<void()> fire) override {
        const auto start = now();
        const auto longest = Duration::max() - start.since_start;  // a deadline that never comes
        auto timer = queue_.arm(start + std::clamp(delay, Duration::zero(), longest), std::move(fire));
        set_timer();
        return timer;
    }

  private:
    void set_timer() {
        const auto due = queue_.next_due();
        if (!due || (set_for_ && *set_for_ <= *due)) return;
        set_for_ = due;
        timer_.expires_at(Steady::time_point(due->since_start));
        timer_.async_wait([this](boost::system::error_code code) {
            if (!code) fire_due();
        });
    }
    void fire_due() {
        set_for_.reset();
        // Only what was due when the timer fired: a call that arms a timer of zero must let the loop turn.
        const auto limit = now();
        while (queue_.next_due() && *queue_.next_due() <= limit) queue_.fire_next();
        set_timer();
    }

    asio::steady_timer timer_;
    TimerQueue queue_;
    std::optional<TimePoint> set_for_;
};

}  // namespace

struct Loop::Impl {
    explicit Impl(std::size_t worker_threads)
        : clock(io), random(make_system_random()), workers(make_thread_workers(io.get_executor(), worker_threads)) {}
    asio::io_context io{1};
    SystemClock clock;
    std::unique_ptr<RandomSource> random;
    std::unique_ptr<Workers> workers;
    std::unique_ptr<Scratch> scratch = std::make_unique<Scratch>();
};

Loop::Loop(std::size_t worker_threads) : impl_(std::make_unique<Impl>(worker_threads)) {}
Loop::~Loop() = default;

Env Loop::env() noexcept {
    return {impl_->io.get_executor(), &impl_->clock, impl_->random.get(), impl_->workers.get(), impl_->scratch.get()};
}

int Loop::run(Task<int> main) {
    int code = 0;
    std::exception_ptr thrown;
    asio::co_spawn(impl_->io, std::move(main), [&](std::exception_ptr e, int value) {
        thrown = e;
        code = value;
        impl_->io.stop();
    });
    impl_->io.run();
    if (thrown) std::rethrow_exception(thrown);
    return code;
}

}  // namespace sotto
