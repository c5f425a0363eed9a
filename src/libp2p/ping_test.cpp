// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "libp2p/ping.hpp"

#include <gtest/gtest.h>

#include "base/task_group.hpp"
#include "sim/world.hpp"

namespace sotto::libp2p {
namespace {

/// What the listener says to `sent`, behind which the peer ends its side.
struct Served {
    Result<void> result = fail(Errc::internal);
    Bytes answers;
};
Task<void> serve(sim::World& world, const Bytes& sent, Served& served) {
    auto [peer, ours] = sim::make_pipe(world, {});
    EXPECT_TRUE(co_await net::write(*peer, sent));
    EXPECT_TRUE(co_await peer->close_write());
    served.result = co_await serve_ping(*ours);
    EXPECT_TRUE(co_await ours->close_write());
    for (Byte byte = 0; (co_await net::read_some(*peer, BytesSpan(&byte, 1))).value() == 1;)
        served.answers.push_back(byte);
}
Served serve(const Bytes& sent) {
    sim::World world(1);
    Served served;
    world.run(serve(world, sent, served));
    return served;
}

TEST(Ping, AnswersEveryPingUntilThePeerEnds) {
    for (const std::size_t count : {0u, 1u, 2u, 100u}) {
        Bytes sent(count * kPingSize);
        for (std::size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<Byte>(i);
        const auto served = serve(sent);
        EXPECT_TRUE(served.result);
        EXPECT_EQ(served.answers, sent);
    }
}

TEST(Ping, RefusesACutPing) {
    const auto served = serve(Bytes(kPingSize + 1, 7));
    EXPECT_EQ(served.result.error().code(), Errc::malformed);
    EXPECT_EQ(served.answers.size(), kPingSize);
}

/// The dialler's verdict on an answer that the test makes of what was sent.
Task<void> dial(sim::World& world, Bytes (*answer)(Bytes), Result<Duration>& verdict) {
    struct Peer {
        static Task<void> answer_with(net::Stream& stream, Bytes (*make)(Bytes)) {
            Bytes sent(kPingSize);
            EXPECT_TRUE(co_await net::read_exact(stream, sent));
            EXPECT_TRUE(co_await net::write(stream, make(sent)));
            EXPECT_TRUE(co_await stream.close_write());
        }
        static Task<bool> both(sim::World& world, TaskGroup& group, Bytes (*make)(Bytes), Result<Duration>& verdict) {
            auto [ours, peer] = sim::make_pipe(world, {});
            group.spawn(answer_with(*peer, make));
            verdict = co_await ping(world.env(), *ours);
            co_await group.wait_all();
            co_return true;
        }
    };
    auto body = [&](TaskGroup& group) { return Peer::both(world, group, answer, verdict); };
    co_await with_group(world.env(), 1, body);
}
Result<Duration> verdict_on(Bytes (*answer)(Bytes)) {
    sim::World world(1);
    Result<Duration> verdict = fail(Errc::internal);
    world.run(dial(world, answer, verdict));
    return verdict;
}

TEST(Ping, TakesItsOwnBytesBackAndNothingElse) {
    EXPECT_TRUE(verdict_on([](Bytes sent) { return sent; }));
    const auto altered = verdict_on([](Bytes sent) {
        sent[31] ^= 1;
        return sent;
    });
    EXPECT_EQ(altered.error().code(), Errc::malformed);
    const auto cut = verdict_on([](Bytes sent) {
        sent.pop_back();
        return sent;
    });
    EXPECT_EQ(cut.error().code(), Errc::closed);
}

}  // namespace
}  // namespace sotto::libp2p
