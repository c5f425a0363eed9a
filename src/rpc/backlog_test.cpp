// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/backlog.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sotto::rpc {
namespace {

class BacklogTest : public testing::Test {
  protected:
    Backlog backlog{100};
    std::string closed;
    Backlog::Share a{backlog, [this] { closed += 'a'; }};
    Backlog::Share b{backlog, [this] { closed += 'b'; }};
    Backlog::Share c{backlog, [this] { closed += 'c'; }};
};

TEST_F(BacklogTest, CountsWhatIsHeldForAll) {
    a.set(40);
    b.set(60);
    a.set(10);
    EXPECT_EQ(backlog.bytes(), 70u);
    {
        Backlog::Share passing(backlog, [] {});
        passing.set(30);
        EXPECT_EQ(backlog.bytes(), 100u);
    }
    EXPECT_EQ(backlog.bytes(), 70u);
    EXPECT_EQ(closed, "");
}

TEST_F(BacklogTest, ClosesWhoHasKeptItWaitingForLongest) {
    a.set(40);
    b.set(40);
    c.set(40);
    EXPECT_EQ(closed, "a");
    EXPECT_EQ(backlog.bytes(), 80u);
    c.set(90);
    EXPECT_EQ(closed, "ab");
    EXPECT_EQ(backlog.bytes(), 90u);
}

TEST_F(BacklogTest, LetsWhoTakesSomethingStay) {
    a.set(40);
    b.set(40);
    a.set(39);
    c.set(40);
    EXPECT_EQ(closed, "b");
    a.set(60);
    EXPECT_EQ(closed, "b") << "more of it does not begin the wait anew, nor end it";
    a.set(61);
    EXPECT_EQ(closed, "bc") << "never the one that has just come";
}

TEST_F(BacklogTest, LetsOneThroughThatIsLargerThanAll) {
    a.set(10);
    b.set(~std::uint64_t{0});
    EXPECT_EQ(closed, "a");
    EXPECT_EQ(backlog.bytes(), 100u);
    c.set(1);
    EXPECT_EQ(closed, "ab");
    EXPECT_EQ(backlog.bytes(), 1u);
}

}  // namespace
}  // namespace sotto::rpc
