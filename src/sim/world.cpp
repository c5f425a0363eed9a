// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "sim/world.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <list>
#include <map>

#include "base/timer_queue.hpp"

namespace sotto::sim {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kMaxHandlersAnInstant = 1'000'000;
constexpr Duration kWorkCost = std::chrono::microseconds(100);
constexpr std::uint64_t kFnvBasis = 1469598103934665603ull;
constexpr std::uint64_t kFnvPrime = 1099511628211ull;

/// splitmix64 (Steele, Lea, Flood 2014).
class SeededRandom final : public RandomSource {
  public:
    explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
    void fill(BytesSpan out) noexcept override {
        for (std::size_t i = 0; i < out.size(); ++i) {
            if (i % 8 == 0) word_ = next();
            out[i] = static_cast<Byte>(word_ >> (8 * (i % 8)));
        }
    }

  private:
    std::uint64_t next() noexcept {
        std::uint64_t z = state_ += 0x9e3779b97f4a7c15ull;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
        return z ^ (z >> 31);
    }
    std::uint64_t state_;
    std::uint64_t word_ = 0;
};

class InlineWorkers final : public Workers {
  public:
    explicit InlineWorkers(Clock& clock) : clock_(clock) {}
    void submit(std::move_only_function<void()> work, std::move_only_function<void()> done) override {
        work();
        const auto id = next_++;
        pending_.emplace(id, clock_.after(kWorkCost, [this, id, done = std::move(done)]() mutable {
            const auto keep = pending_.extract(id);
            done();
        }));
    }
    std::size_t parallelism() const noexcept override { return 1; }

  private:
    Clock& clock_;
    std::uint64_t next_ = 0;
    std::map<std::uint64_t, Timer> pending_;
};

class SkewedClock final : public Clock {
  public:
    SkewedClock(World& world, Duration skew) : world_(world), skew_(skew) {}
    TimePoint now() const noexcept override { return world_.now(); }
    WallTime wall() const noexcept override { return {world_.wall().since_epoch + skew_}; }
    Timer after(Duration delay, std::move_only_function<void()> fire) override {
        return world_.after(delay, std::move(fire));
    }

  private:
    World& world_;
    Duration skew_;
};

}  // namespace

struct World::Impl {
    Impl(World& world, std::uint64_t seed) : random(seed), workers(world) {}
    // Before the io_context: what it destroys may hold timers.
    TimerQueue timers;
    Duration now{};
    SeededRandom random;
    InlineWorkers workers;
    std::list<SkewedClock> clocks;
    std::unique_ptr<Scratch> scratch = std::make_unique<Scratch>();
    std::uint64_t trace = kFnvBasis;
    std::size_t running = 0;
    asio::io_context io{1};
};

World::World(std::uint64_t seed) : impl_(std::make_unique<Impl>(*this, seed)) {}

World::~World() {
    SOTTO_ASSERT(impl_->running == 0, "a world is destroyed with running tasks");
}

Env World::env() noexcept {
    return {impl_->io.get_executor(), this, &impl_->random, &impl_->workers, impl_->scratch.get()};
}

Env World::env_with_skew(Duration skew) {
    auto env = this->env();
    env.clock = &impl_->clocks.emplace_back(*this, skew);
    return env;
}

TimePoint World::now() const noexcept {
    return {impl_->now};
}
WallTime World::wall() const noexcept {
    return {kStart.since_epoch + impl_->now};
}

Timer World::after(Duration delay, std::move_only_function<void()> fire) {
    return impl_->timers.arm({impl_->now + std::max(delay, Duration::zero())}, std::move(fire));
}

std::uint64_t World::trace() const noexcept {
    return impl_->trace;
}
void World::note(std::uint64_t what) noexcept {
    impl_->trace = (impl_->trace ^ what) * kFnvPrime;
}
RandomSource& World::random() noexcept {
    return impl_->random;
}

/// Runs all that is ready now.
void World::settle() {
    impl_->io.restart();
    for (std::size_t handlers = 0; impl_->io.poll_one() > 0; ++handlers) {
        SOTTO_ASSERT(handlers < kMaxHandlersAnInstant, "livelock: time stands still");
    }
}

/// Moves on to the next timer and fires it. False: there is none.
bool World::advance() {
    const auto due = impl_->timers.next_due();
    if (!due) return false;
    impl_->now = std::max(impl_->now, due->since_start);
    note(static_cast<std::uint64_t>(impl_->now.count()));
    impl_->timers.fire_next();
    return true;
}

void World::run_to_end(Task<void> task) {
    bool ended = false;
    std::exception_ptr thrown;
    ++impl_->running;
    asio::co_spawn(impl_->io, std::move(task), [&](std::exception_ptr e) {
        thrown = e;
        ended = true;
        --impl_->running;
    });
    for (;;) {
        settle();
        if (ended) break;
        const bool moved = advance();
        SOTTO_ASSERT(moved, "the task waits for something that will never happen");
    }
    if (thrown) std::rethrow_exception(thrown);
}

}  // namespace sotto::sim
