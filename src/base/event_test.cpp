// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "base/event.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "base/task_group.hpp"
#include "base/this_executor.hpp"
#include "sim/world.hpp"

namespace sotto {
namespace {

using namespace std::chrono_literals;

class EventTest : public testing::Test {
  protected:
    static Task<void> wait(Event& event, int& woken) {
        co_await event.wait();
        ++woken;
    }
    /// Runs `body(group)`, then cancels what is left.
    template <class Body>
    void in_group(Body body) {
        (void)world.run(with_group(world.env(), 10, std::ref(body)));
    }

    sim::World world;
    Event event{world.env().executor};
    int woken = 0;
};

TEST_F(EventTest, RemembersOneNotificationWithoutAWaiter) {
    event.notify();
    event.notify();
    in_group([&](TaskGroup& group) -> Task<Result<void>> {
        group.spawn(wait(event, woken));
        co_await sleep_for(world, 1s);
        EXPECT_EQ(woken, 1);
        group.spawn(wait(event, woken));
        co_await sleep_for(world, 1s);
        EXPECT_EQ(woken, 1) << "the second notification is not kept";
        event.notify();
        co_await group.wait_all();
        co_return Result<void>{};
    });
    EXPECT_EQ(woken, 2);
}

TEST_F(EventTest, ResumesTheWaiterThroughTheLoop) {
    in_group([&](TaskGroup& group) -> Task<Result<void>> {
        group.spawn(wait(event, woken));
        co_await yield_now();
        event.notify();
        EXPECT_EQ(woken, 0) << "not inside notify()";
        co_await group.wait_all();
        co_return Result<void>{};
    });
    EXPECT_EQ(woken, 1);
}

TEST_F(EventTest, LetsAWaiterGoThatIsCancelledAndServesTheNext) {
    in_group([&](TaskGroup& group) -> Task<Result<void>> {
        auto inner = [&](TaskGroup& cancelled) -> Task<Result<void>> {
            cancelled.spawn(wait(event, woken));
            co_await yield_now();
            co_return Result<void>{};
        };
        (void)co_await with_group(world.env(), 1, std::ref(inner));
        EXPECT_FALSE(event.has_waiter());
        group.spawn(wait(event, woken));
        co_await yield_now();
        event.notify();
        co_await group.wait_all();
        co_return Result<void>{};
    });
    EXPECT_EQ(woken, 1);
}

TEST_F(EventTest, IsNotDisturbedByACancellationBehindTheNotification) {
    in_group([&](TaskGroup& group) -> Task<Result<void>> {
        group.spawn(wait(event, woken));
        co_await yield_now();
        event.notify();
        group.cancel();
        EXPECT_FALSE(event.has_waiter());
        co_return Result<void>{};
    });
    event.notify();
    world.run(wait(event, woken));
    EXPECT_EQ(woken, 2);
}

TEST_F(EventTest, MayBeDestroyedByTheTaskThatItWakes) {
    struct Owner {
        static Task<void> run(std::optional<Event>& owned, bool& done) {
            co_await owned->wait();
            owned.reset();
            done = true;
        }
    };
    std::optional<Event> owned(std::in_place, world.env().executor);
    bool done = false;
    in_group([&](TaskGroup& group) -> Task<Result<void>> {
        group.spawn(Owner::run(owned, done));
        co_await yield_now();
        owned->notify();
        co_await group.wait_all();
        co_return Result<void>{};
    });
    EXPECT_TRUE(done);
}

using EventDeathTest = EventTest;

TEST_F(EventDeathTest, RefusesASecondWaiter) {
    const auto twice = [&] {
        in_group([&](TaskGroup& group) -> Task<Result<void>> {
            group.spawn(wait(event, woken));
            group.spawn(wait(event, woken));
            co_await yield_now();
            co_return Result<void>{};
        });
    };
    EXPECT_DEATH(twice(), "two tasks wait for one Event");
}

}  // namespace
}  // namespace sotto
