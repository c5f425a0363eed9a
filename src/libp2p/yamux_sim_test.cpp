// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "libp2p/yamux.hpp"

#include <gtest/gtest.h>

#include "sim/stream_suite.hpp"
#include "sim/world.hpp"

namespace sotto::libp2p {
namespace {

using namespace std::chrono_literals;

Task<void> drive(Yamux& session, std::optional<Error>& end) {
    end = co_await session.run();
}

/// Two sessions over a pipe, driven until the body ends.
struct Sessions {
    Sessions(sim::World& w,
             const sim::Link& link,
             const YamuxConfig& config = {},
             std::shared_ptr<sim::LinkControl> control = nullptr)
        : world(w) {
        auto [left, right] = sim::make_pipe(w, link, std::move(control));
        a = std::make_unique<Yamux>(w.env(), std::move(left), net::Role::dialer, config);
        b = std::make_unique<Yamux>(w.env(), std::move(right), net::Role::listener, config);
    }
    template <class Body>
    void run(Body body) {
        auto all = [&](TaskGroup& group) -> Task<Result<void>> {
            group.spawn(drive(*a, end_a));
            group.spawn(drive(*b, end_b));
            co_await body();
            a->close(Error(Errc::shutdown));
            b->close(Error(Errc::shutdown));
            co_await group.wait_all();
            co_return Result<void>{};
        };
        (void)world.run(with_group(world.env(), 4, std::ref(all)));
    }
    /// A stream that both ends have.
    Task<sim::StreamEnds> stream() {
        auto ours = a->open();
        EXPECT_TRUE(co_await net::write(**ours, view_of("!")));
        auto theirs = co_await b->accept();
        Bytes mark(1);
        EXPECT_TRUE(co_await net::read_exact(**theirs, mark));
        co_return sim::StreamEnds{std::move(*ours), std::move(*theirs)};
    }
    sim::World& world;
    std::unique_ptr<Yamux> a, b;
    std::optional<Error> end_a, end_b;
};

TEST(Yamux, KeepsTheContractOfAStream) {
    const sim::Link kLinks[] = {{.latency = 1ms}, {.latency = 10ms, .window = 8000, .max_read = 700}};
    for (const auto& link : kLinks) {
        sim::stream_suite([&](sim::StreamCase test) {
            sim::World world(3);
            Sessions sessions(world, link);
            sessions.run([&]() -> Task<void> {
                auto ends = co_await sessions.stream();
                co_await test(world.env(), std::move(ends));
            });
            EXPECT_EQ(sessions.a->stream_count(), 0u);
            EXPECT_EQ(sessions.b->stream_count(), 0u);
        });
    }
}

TEST(Yamux, SaysGoodbyeAndEndsAllStreams) {
    sim::World world;
    Sessions sessions(world, {.latency = 5ms});
    sessions.run([&]() -> Task<void> {
        const auto ends = co_await sessions.stream();
        sessions.a->close(Error(Errc::shutdown));
        ByteArray<8> buffer;
        EXPECT_FALSE(co_await net::read_some(*ends.second, buffer));
        EXPECT_EQ((co_await net::read_some(*ends.first, buffer)).error().code(), Errc::shutdown);
    });
    EXPECT_EQ(sessions.end_a->code(), Errc::shutdown);
    EXPECT_EQ(sessions.end_b->code(), Errc::closed);
}

TEST(Yamux, NoticesADeadPeerByItsPing) {
    sim::World world;
    const auto control = std::make_shared<sim::LinkControl>();
    Sessions sessions(world, {.latency = 5ms}, {}, control);
    sessions.run([&]() -> Task<void> {
        co_await sleep_for(world, 10min);
        EXPECT_FALSE(sessions.end_a) << "an idle healthy session stays";
        const auto rtt = co_await sessions.a->ping(Deadline::in(world, 1s));
        EXPECT_EQ(*rtt, 10ms);
        control->cut();
        co_await sleep_for(world, 29s);
        EXPECT_FALSE(sessions.end_a) << "one lost ping is no death";
        co_await sleep_for(world, 17s);
        EXPECT_TRUE(sessions.end_a && sessions.end_a->code() == Errc::timed_out);
        control->heal();
    });
}

TEST(Yamux, GrowsItsWindowsOverALongLink) {
    const auto time_of = [](std::size_t budget) {
        sim::World world;
        YamuxConfig config;
        config.core.window_budget = budget;
        Sessions sessions(world, {.latency = 50ms, .window = 64 * 1024 * 1024}, config);
        Duration taken{};
        sessions.run([&]() -> Task<void> {
            auto ends = co_await sessions.stream();
            const auto begun = world.now();
            co_await sim::stream_cases::carries_bytes_both_ways_and_ends(world.env(), std::move(ends));
            taken = world.now() - begun;
        });
        return taken;
    };
    EXPECT_LT(time_of(8 * 1024 * 1024), time_of(0));
}

TEST(Yamux, OutlivesItsOwnerInItsStreams) {
    sim::World world;
    std::unique_ptr<net::Stream> left_over;
    {
        Sessions sessions(world, {.latency = 1ms});
        sessions.run([&]() -> Task<void> {
            auto ends = co_await sessions.stream();
            left_over = std::move(ends.first);
        });
    }
    ByteArray<8> buffer;
    EXPECT_EQ(left_over->try_read(buffer).error().code(), Errc::shutdown);
}

}  // namespace
}  // namespace sotto::libp2p
