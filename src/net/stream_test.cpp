// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "net/stream.hpp"

#include <gtest/gtest.h>

#include "sim/world.hpp"

namespace sotto::net {
namespace {

using namespace std::chrono_literals;

class StreamFunctions : public testing::Test {
  protected:
    sim::World world;
    sim::StreamPair ends = sim::make_pipe(world, {.latency = 1ms, .max_read = 3});
    Stream& a = *ends.first;
    Stream& b = *ends.second;
};

TEST_F(StreamFunctions, ReadSomeWaitsForTheFirstBytesAndTellsTheEnd) {
    EXPECT_TRUE(world.run(write(a, view_of("hello"))));
    EXPECT_TRUE(world.run(a.close_write()));
    std::string got;
    ByteArray<10> buffer;
    for (;;) {
        const auto count = world.run(read_some(b, buffer)).value();
        if (count == 0) break;
        EXPECT_LE(count, 3u);
        got += text_of(BytesView(buffer).first(count));
    }
    EXPECT_EQ(got, "hello");
}

TEST_F(StreamFunctions, ReadExactFillsFromManyReadsAndFailsAtAnEarlyEnd) {
    EXPECT_TRUE(world.run(write(a, view_of("0123456789abcdef"))));
    EXPECT_TRUE(world.run(a.close_write()));
    Bytes ten(10), rest(7);
    EXPECT_TRUE(world.run(read_exact(b, ten)));
    EXPECT_EQ(text_of(ten), "0123456789");
    EXPECT_TRUE(world.run(read_exact(b, {})));
    EXPECT_EQ(world.run(read_exact(b, rest)).error().code(), Errc::closed);
}

TEST_F(StreamFunctions, ReadExactPassesOnWhyTheStreamFailed) {
    b.reset(Error(Errc::misbehaved, "why"));
    Bytes one(1);
    EXPECT_EQ(world.run(read_exact(b, one)).error().detail(), "why");
}

TEST_F(StreamFunctions, FinishDropsWhatThePeerStillSaysAndEndsWithIt) {
    EXPECT_TRUE(world.run(write(b, Bytes(10'000))));
    EXPECT_TRUE(world.run(b.close_write()));
    EXPECT_TRUE(world.run(finish(a, 10'001)));
    ByteArray<1> byte;
    EXPECT_EQ(world.run(read_some(b, byte)).value(), 0u) << "our end was told";
}

TEST_F(StreamFunctions, FinishGivesUpOnAPeerThatSendsOn) {
    EXPECT_TRUE(world.run(write(b, Bytes(10'000))));
    EXPECT_EQ(world.run(finish(a, 5'000)).error().code(), Errc::misbehaved);
}

}  // namespace
}  // namespace sotto::net
