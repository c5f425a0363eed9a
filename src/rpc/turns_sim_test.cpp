// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/turns.hpp"

#include <gtest/gtest.h>

#include "base/clock.hpp"
#include "base/task_group.hpp"
#include "sim/world.hpp"

namespace sotto::rpc {
namespace {

using namespace std::chrono_literals;

struct Inside {
    explicit Inside(int& count) : count_(count) { ++count_; }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;
    ~Inside() { --count_; }
    int& count_;
};

struct Scene {
    sim::World world;
    Turns turns{world.env().executor, 2};
    std::vector<int> done;
    int at_once = 0;
    int refused = 0;

    Task<void> work(int name, Duration time) {
        const auto turn = co_await turns.take();
        if (!turn) {
            EXPECT_EQ(turn.error(), Errc::busy);
            ++refused;
            co_return;
        }
        {
            const Inside inside(at_once);
            EXPECT_EQ(at_once, 1);
            co_await sleep_for(world, time);
        }
        done.push_back(name);
    }
};

TEST(Turns, GoOneAfterTheOtherInTheOrderOfComing) {
    Scene scene;
    for (int name : {1, 2, 3}) scene.world.spawn(scene.work(name, 1s));
    scene.world.run_for(2500ms);
    EXPECT_EQ(scene.done, (std::vector{1, 2}));
    scene.world.spawn(scene.work(4, 1s));
    scene.world.run_for(2s);
    EXPECT_EQ(scene.done, (std::vector{1, 2, 3, 4}));
    EXPECT_EQ(scene.refused, 0);
}

TEST(Turns, RefuseWhoComesToAFullLine) {
    Scene scene;
    for (int name : {1, 2, 3, 4, 5}) scene.world.spawn(scene.work(name, 1s));
    scene.world.run_for(1ms);
    EXPECT_EQ(scene.refused, 2);
    scene.world.run_for(10s);
    EXPECT_EQ(scene.done, (std::vector{1, 2, 3}));
    scene.world.spawn(scene.work(6, 1s));
    scene.world.run_for(2s);
    EXPECT_EQ(scene.done.back(), 6);
}

/// Whoever is cancelled, at the head of the line or in it, and whenever: the others still get their turn.
TEST(Turns, PassOnWhenOneIsCancelledAtAnyMoment) {
    for (auto moment = 0ms; moment <= 3200ms; moment += 70ms) {
        Scene scene;
        auto body = [&](TaskGroup& group) -> Task<Result<void>> {
            group.spawn(scene.work(2, 1s));
            co_await sleep_for(scene.world, moment);
            co_return fail(Errc::shutdown);
        };
        auto doomed = [&]() -> Task<void> { (void)co_await with_group(scene.world.env(), 1, std::ref(body)); };
        scene.world.spawn(scene.work(1, 1s));
        scene.world.spawn(doomed());
        scene.world.spawn(scene.work(3, 1s));
        scene.world.run_for(5s);
        const bool finished = moment >= 2s;
        EXPECT_EQ(scene.done.size(), finished ? 3u : 2u) << moment.count();
        EXPECT_EQ(scene.done.back(), 3) << moment.count();
        EXPECT_EQ(scene.refused, 0);
    }
}

}  // namespace
}  // namespace sotto::rpc
