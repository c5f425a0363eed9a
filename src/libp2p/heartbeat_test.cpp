// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "libp2p/heartbeat.hpp"

#include <gtest/gtest.h>

#include "sim/world.hpp"

namespace sotto::libp2p {
namespace {

/// What the listener says to `sent`, behind which the peer ends its side.
Bytes answers_to(const Bytes& sent) {
    sim::World world(1);
    Bytes answers;
    auto talk = [&]() -> Task<void> {
        auto [peer, ours] = sim::make_pipe(world, {});
        EXPECT_TRUE(co_await net::write(*peer, sent));
        EXPECT_TRUE(co_await peer->close_write());
        EXPECT_TRUE(co_await serve_heartbeat(*ours));
        EXPECT_TRUE(co_await ours->close_write());
        for (Byte byte = 0; (co_await net::read_some(*peer, BytesSpan(&byte, 1))).value() == 1;)
            answers.push_back(byte);
    };
    world.run(talk());
    return answers;
}

TEST(Heartbeat, PingsOnceAndAnswersEveryPing) {
    EXPECT_EQ(answers_to({}), Bytes{1});
    EXPECT_EQ(answers_to({1}), (Bytes{1, 2}));
    EXPECT_EQ(answers_to(Bytes(200, 1)).size(), 201u);
}

TEST(Heartbeat, AnswersAndUnknownBytesMeanNothing) {
    EXPECT_EQ(answers_to({2, 0, 255, 1, 2}), (Bytes{1, 2}));
}

}  // namespace
}  // namespace sotto::libp2p
