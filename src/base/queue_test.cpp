// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <gtest/gtest.h>

#include "base/bounded_queue.hpp"
#include "base/byte_queue.hpp"
#include "base/signal.hpp"
#include "base/task_group.hpp"
#include "sim/world.hpp"

namespace sotto {
namespace {

using namespace std::chrono_literals;

TEST(BoundedQueue, MakesAWriterWaitUntilThereIsRoom) {
    sim::World world;
    BoundedQueue<int> queue(world.env().executor, 100);
    struct Writer {
        static Task<void> run(BoundedQueue<int>& queue, int& pushed) {
            for (int i = 0; i < 10; ++i) {
                const auto done = co_await queue.push(i, 40);
                if (!done) co_return;
                ++pushed;
            }
        }
    };
    int pushed = 0;
    auto body = [&](TaskGroup& group) -> Task<Result<void>> {
        group.spawn(Writer::run(queue, pushed));
        co_await sleep_for(world, 1s);
        EXPECT_EQ(pushed, 2);
        for (int i = 0; i < 10; ++i) {
            const auto item = co_await queue.pop();
            EXPECT_EQ(*item, i);
        }
        EXPECT_EQ(pushed, 10);
        co_return Result<void>{};
    };
    (void)world.run(with_group(world.env(), 1, std::ref(body)));
    EXPECT_EQ(queue.bytes(), 0u);
}

TEST(BoundedQueue, GivesWhatIsLeftBeforeItTellsWhyItIsClosed) {
    sim::World world;
    BoundedQueue<int> queue(world.env().executor, 10);
    int item = 1;
    EXPECT_TRUE(queue.try_push(item, 1000)) << "an item above the limit passes an empty queue";
    item = 2;
    EXPECT_FALSE(queue.try_push(item, 1));
    queue.close(Error(Errc::shutdown));
    queue.close(Error(Errc::reset));
    EXPECT_EQ(*world.run(queue.pop()), 1);
    EXPECT_EQ(world.run(queue.pop()).error().code(), Errc::shutdown);
    EXPECT_FALSE(queue.try_push(item, 1));
}

TEST(ByteQueue, IsFirstInFirstOutAndHoldsNothingWhenEmpty) {
    ByteQueue queue;
    Bytes expected, got(1000);
    std::size_t taken = 0;
    for (int round = 0; round < 300; ++round) {
        const Bytes piece(static_cast<std::size_t>(round % 7), static_cast<Byte>(round));
        append(expected, piece);
        queue.append(piece);
        if (round % 3 == 0) taken += queue.read(BytesSpan(got).subspan(taken, 5));
    }
    while (!queue.empty()) taken += queue.read(BytesSpan(got).subspan(taken, 11));
    got.resize(taken);
    EXPECT_EQ(got, expected);
}

TEST(Signal, LetsSubscribersLeaveAndComeWhileItTells) {
    Signal<int> signal;
    std::string heard;
    Subscription a, b, c;
    a = signal.subscribe([&](int) {
        heard += 'a';
        b.reset();
        c = signal.subscribe([&](int) { heard += 'c'; });
    });
    b = signal.subscribe([&](int) { heard += 'b'; });
    signal.emit(1);
    EXPECT_EQ(heard, "a");
    a.reset();
    signal.emit(2);
    EXPECT_EQ(heard, "ac");
}

TEST(Signal, TellsOnWhileASubscriberMakesItTellAgain) {
    Signal<int> signal;
    std::string heard;
    Subscription early, again, late;
    early = signal.subscribe([&](int) { heard += 'e'; });
    again = signal.subscribe([&](int depth) {
        early.reset();
        if (depth > 0) signal.emit(depth - 1);
    });
    late = signal.subscribe([&](int depth) { heard += std::to_string(depth); });
    signal.emit(2);
    EXPECT_EQ(heard, "e012");
    signal.emit(0);
    EXPECT_EQ(heard, "e0120");
}

}  // namespace
}  // namespace sotto
