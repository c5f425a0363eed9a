// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "sim/faults.hpp"

#include <gtest/gtest.h>

#include "base/task_group.hpp"
#include "sim/world.hpp"

namespace sotto::sim {
namespace {

using namespace std::chrono_literals;

Task<void> answer(net::Stream& stream) {
    Bytes question(20);
    if (!co_await net::read_exact(stream, question)) co_return;
    (void)co_await net::write(stream, question);
    (void)co_await net::finish(stream, 0);
}

Task<Result<void>> ask(net::Stream& stream) {
    const Bytes question(20, 7);
    SOTTO_CO_CHECK(co_await net::write(stream, question));
    Bytes answer(20);
    SOTTO_CO_CHECK(co_await net::read_exact(stream, answer));
    EXPECT_EQ(answer, question);
    co_return co_await net::finish(stream, 100);
}

struct Flow {
    World world;
    StreamPair ends = make_pipe(world, {.latency = 1ms, .max_read = 7});
    std::optional<Result<void>> asked;

    static Task<void> ask_and_keep(Flow& self) { self.asked = co_await ask(*self.ends.first); }
    /// Runs both ends; `fault` sits on one of them.
    void run(Fault& fault) {
        ends.first = fault.on(std::move(ends.first));
        auto body = [&](TaskGroup& group) -> Task<Result<void>> {
            cancel = [&group] { group.cancel(); };
            group.spawn(answer(*ends.second));
            group.spawn(ask_and_keep(*this));
            co_await group.wait_all();
            co_return Result<void>{};
        };
        (void)world.run(with_group(world.env(), 2, std::ref(body)));
    }
    std::function<void()> cancel;
};

TEST(Sweep, FailsEachOperationInTurnUntilNoneIsLeft) {
    const auto operations = sweep([](std::size_t n) {
        Fault fault(n);
        Flow flow;
        flow.run(fault);
        EXPECT_TRUE(flow.asked);
        EXPECT_EQ(flow.asked->has_value(), !fault.happened()) << n;
        if (fault.happened()) EXPECT_EQ(flow.asked->error().code(), Errc::io) << n;
        return fault.happened();
    });
    EXPECT_GE(operations, 8u);
}

TEST(Sweep, CancelsAtEachOperationInTurn) {
    std::size_t cancelled = 0;
    const auto operations = sweep([&](std::size_t n) {
        Flow flow;
        Timer soon;
        Fault fault(n, [&] {
            soon = flow.world.after(0ms, [&] { flow.cancel(); });
            return std::nullopt;
        });
        flow.run(fault);
        cancelled += flow.asked ? 0 : 1;
        return fault.happened();
    });
    EXPECT_GE(operations, 8u);
    EXPECT_GE(cancelled, 3u);
}

TEST(Fault, CountsOverAllItsStreams) {
    World world;
    Fault fault(2);
    auto [a, b] = make_pipe(world);
    a = fault.on(std::move(a));
    b = fault.on(std::move(b));
    EXPECT_TRUE(world.run(net::write(*a, view_of("1"))));
    EXPECT_TRUE(world.run(net::write(*b, view_of("2"))));
    EXPECT_FALSE(fault.happened());
    EXPECT_EQ(world.run(net::write(*a, view_of("3"))).error().code(), Errc::io);
    EXPECT_TRUE(fault.happened());
    EXPECT_EQ(world.run(net::write(*a, view_of("4"))).error().code(), Errc::io) << "a stream that failed stays so";
    EXPECT_TRUE(world.run(net::write(*b, view_of("5"))));
}

}  // namespace
}  // namespace sotto::sim
