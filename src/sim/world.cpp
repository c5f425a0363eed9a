// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "sim/world.hpp"

#include <algorithm>
#include <bit>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <list>
#include <map>

#include "base/task_group.hpp"
#include "base/timer_queue.hpp"

namespace sotto::sim {
namespace {

namespace asio = boost::asio;

// Time stands still for a benchmark over links without latency, so many timers may fire in one instant.
constexpr std::size_t kMaxHandlersATimer = 1'000'000;
constexpr std::size_t kMaxTimersAnInstant = 20'000'000;
constexpr std::size_t kMaxSpawned = 100'000;
constexpr Duration kLongestRun = std::chrono::hours(24 * 366);
constexpr Duration kWorkCost = std::chrono::microseconds(100);
constexpr std::uint64_t kTraceBasis = 0x243f6a8885a308d3ull;
constexpr std::uint64_t kTracePrime = 0x9e3779b97f4a7c15ull;

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

/// Holds the group of what was spawned until it is told to stop.
struct Root {
    explicit Root(Executor executor) : stop(std::move(executor)) {}
    static Task<void> run(Root& root, Env env) {
        auto body = [&root](TaskGroup& group) -> Task<Result<void>> {
            root.group = &group;
            co_await root.stop.wait();
            co_return Result<void>{};
        };
        (void)co_await with_group(env, kMaxSpawned, std::ref(body));
    }
    Event stop;
    TaskGroup* group = nullptr;
    bool ended = false;
};

struct World::Impl {
    Impl(World& world, std::uint64_t seed, WallTime begin) : start(begin), random(seed), workers(world) {}
    // Before the io_context: what it destroys may hold timers.
    TimerQueue timers;
    WallTime start;
    Duration now{};
    std::size_t timers_this_instant = 0;
    SeededRandom random;
    InlineWorkers workers;
    std::list<SkewedClock> clocks;
    std::unique_ptr<Scratch> scratch = std::make_unique<Scratch>();
    std::uint64_t trace = kTraceBasis;
    std::uint64_t numbers = 0;
    std::size_t running = 0;
    std::unique_ptr<Root> root;
    asio::io_context io{1};
};

World::World(std::uint64_t seed, WallTime start) : impl_(std::make_unique<Impl>(*this, seed, start)) {}

World::~World() {
    stop_root();
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
    return {impl_->start.since_epoch + impl_->now};
}

Timer World::after(Duration delay, std::move_only_function<void()> fire) {
    const auto longest = Duration::max() - impl_->now;  // a deadline that never comes
    return impl_->timers.arm({impl_->now + std::clamp(delay, Duration::zero(), longest)}, std::move(fire));
}

std::uint64_t World::trace() const noexcept {
    return impl_->trace;
}
void World::note(std::uint64_t what) noexcept {
    impl_->trace = std::rotl((impl_->trace ^ what) * kTracePrime, 29);
}
void World::note(BytesView bytes) noexcept {
    note(bytes.size());
    for (; bytes.size() >= 8; bytes = bytes.subspan(8)) note(load_be<std::uint64_t>(bytes));
    for (const auto byte : bytes) note(byte);
}
std::uint64_t World::next_number() noexcept {
    return ++impl_->numbers;
}
RandomSource& World::random() noexcept {
    return impl_->random;
}

/// Runs all that is ready now.
void World::settle() {
    impl_->io.restart();
    for (std::size_t handlers = 0; impl_->io.poll_one() > 0; ++handlers) {
        SOTTO_ASSERT(handlers < kMaxHandlersATimer, "livelock: time stands still");
    }
}

void World::move_to(TimePoint time) noexcept {
    if (time.since_start <= impl_->now) return;
    impl_->now = time.since_start;
    impl_->timers_this_instant = 0;
}

/// Moves on to the next timer and fires it. False: there is none.
bool World::advance() {
    const auto due = impl_->timers.next_due();
    if (!due) return false;
    move_to(*due);
    SOTTO_ASSERT(++impl_->timers_this_instant < kMaxTimersAnInstant, "livelock: time stands still");
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
    const auto limit = now() + kLongestRun;
    for (;;) {
        settle();
        if (ended) break;
        const bool moved = advance();
        SOTTO_ASSERT(moved, "the task waits for something that will never happen");
        SOTTO_ASSERT(now() <= limit, "the task does not end");
    }
    if (thrown) std::rethrow_exception(thrown);
}

void World::spawn(Task<void> task) {
    if (!impl_->root) {
        impl_->root = std::make_unique<Root>(impl_->io.get_executor());
        asio::co_spawn(
            impl_->io, Root::run(*impl_->root, env()), [root = impl_->root.get()](std::exception_ptr thrown) {
                SOTTO_ASSERT(!thrown, "a spawned task threw");
                root->ended = true;
            });
        if (!impl_->root->group) settle();
    }
    const bool spawned = impl_->root->group->spawn(std::move(task));
    SOTTO_ASSERT(spawned, "too many tasks");
}

void World::stop_root() {
    if (!impl_->root) return;
    impl_->root->stop.notify();
    const auto limit = now() + kLongestRun;
    for (settle(); !impl_->root->ended; settle()) {
        const bool moved = advance();
        SOTTO_ASSERT(moved && now() <= limit, "a spawned task does not end when it is cancelled");
    }
}

bool World::run_until(const std::function<bool()>& done, Duration limit) {
    const auto until = now() + limit;
    for (;;) {
        settle();
        if (done()) return true;
        const auto due = impl_->timers.next_due();
        if (!due || *due > until) break;
        (void)advance();
    }
    move_to(until);
    return false;
}

void World::run_for(Duration time) {
    (void)run_until([] { return false; }, time);
}

}  // namespace sotto::sim
