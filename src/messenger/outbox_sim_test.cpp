// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "messenger/outbox.hpp"

#include <gmock/gmock.h>

#include "base/task_group.hpp"
#include "messenger/backend_testing.hpp"

namespace sotto::messenger {
namespace {

using sim::World;
using testing::Air;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// An outbox whose backend says nothing by itself.
class OutboxTest : public ::testing::Test {
  protected:
    OutboxTest() { backend_.deliver = std::nullopt; }

    /// Posts a message of that many envelopes.
    void post(std::size_t envelopes) {
        auto make = [envelopes]() -> Task<Result<std::vector<Outgoing>>> {
            co_return std::vector<Outgoing>(envelopes);
        };
        outbox_.add(make);
        auto body = [&](TaskGroup& group) -> Task<Result<void>> {
            group.spawn(outbox_.run());
            co_await sleep_for(world_, std::chrono::seconds(1));
            co_return Result<void>{};
        };
        ASSERT_TRUE(world_.run(with_group(world_.env(), 1, std::ref(body))));
    }
    /// What the network says of the n-th envelope.
    void tell(Byte number, Delivery delivery, bool expects_more = false) {
        backend_.progress.emit({.hash = crypto::keccak256(BytesView(&number, 1)),
                                .delivery = delivery,
                                .expects_more = expects_more,
                                .why = "why"});
    }
    bool settles() {
        auto body = [&](TaskGroup& group) -> Task<Result<bool>> {
            bool done = false;
            auto wait = [&]() -> Task<void> {
                co_await outbox_.settle();
                done = true;
            };
            group.spawn(wait());
            co_await sleep_for(world_, std::chrono::seconds(1));
            co_return done;
        };
        return *world_.run(with_group(world_.env(), 1, std::ref(body)));
    }

    World world_;
    Air air_;
    Air::Backend backend_{air_};
    std::vector<Delivery> told_;
    Outbox outbox_{world_.env(), backend_, [this](std::size_t, Delivery delivery, const std::string&) {
                       told_.push_back(delivery);
                   }};
};

TEST_F(OutboxTest, FollowsAMessageUntilItIsAcknowledged) {
    post(1);
    EXPECT_THAT(told_, IsEmpty());
    EXPECT_FALSE(settles());
    tell(1, Delivery::sent, true);
    EXPECT_FALSE(settles()) << "the peer will confirm";
    tell(1, Delivery::acknowledged);
    EXPECT_TRUE(settles());
    tell(1, Delivery::sent);
    tell(1, Delivery::failed);
    EXPECT_THAT(told_, ElementsAre(Delivery::sent, Delivery::acknowledged));
    EXPECT_FALSE(outbox_.any_failed());
}

TEST_F(OutboxTest, IsContentWithSentWhereNobodyConfirms) {
    post(1);
    tell(1, Delivery::sent);
    EXPECT_TRUE(settles());
    tell(1, Delivery::failed);
    EXPECT_FALSE(outbox_.any_failed()) << "that it expires later changes nothing";
}

TEST_F(OutboxTest, HoldsUpWhoSaysMoreThanIsTaken) {
    const auto has_room = [this] {
        bool room = false;
        auto wait = [&]() -> Task<void> {
            co_await outbox_.wait_for_room();
            room = true;
        };
        auto body = [&](TaskGroup& group) -> Task<Result<bool>> {
            group.spawn(wait());
            co_await sleep_for(world_, std::chrono::seconds(1));
            co_return room;
        };
        return *world_.run(with_group(world_.env(), 1, std::ref(body)));
    };
    for (std::size_t i = 0; i < Outbox::kMaxWaiting; ++i) outbox_.add({});
    EXPECT_TRUE(has_room());
    const auto last = outbox_.add({});
    EXPECT_FALSE(has_room());
    outbox_.fail_message(last, "why");
    EXPECT_TRUE(has_room());
}

TEST_F(OutboxTest, WaitsForNobodyLongerThanHalfAMinuteHoweverManyWait) {
    backend_.is_reachable = false;
    for (int i = 0; i < 3; ++i) outbox_.add({});
    auto body = [&](TaskGroup& group) -> Task<Result<void>> {
        group.spawn(outbox_.run());
        co_await sleep_for(world_, std::chrono::seconds(31));
        co_return Result<void>{};
    };
    ASSERT_TRUE(world_.run(with_group(world_.env(), 1, std::ref(body))));
    EXPECT_EQ(told_.size(), 3u);
}

TEST_F(OutboxTest, FailsWhatNobodyConfirmedInTime) {
    post(1);
    tell(1, Delivery::sent, true);
    tell(1, Delivery::failed);
    EXPECT_TRUE(settles());
    EXPECT_TRUE(outbox_.any_failed());
    tell(1, Delivery::acknowledged);
    EXPECT_FALSE(outbox_.any_failed()) << "late, but it has arrived";
    EXPECT_THAT(told_, ElementsAre(Delivery::sent, Delivery::failed, Delivery::acknowledged));
}

TEST_F(OutboxTest, IsAsFarAsTheLastOfTheEnvelopes) {
    post(2);
    tell(2, Delivery::acknowledged);
    EXPECT_THAT(told_, IsEmpty());
    EXPECT_FALSE(settles());
    tell(1, Delivery::sent, true);
    tell(1, Delivery::acknowledged);
    EXPECT_TRUE(settles());
    EXPECT_THAT(told_, ElementsAre(Delivery::sent, Delivery::acknowledged));
}

TEST_F(OutboxTest, HearsWhatIsToldBeforePostReturns) {
    backend_.deliver = Delivery::acknowledged;
    post(2);
    EXPECT_TRUE(settles());
    EXPECT_THAT(told_, ElementsAre(Delivery::acknowledged));
}

TEST_F(OutboxTest, LeavesWithinItsGraceAndFailsWhatNobodyHas) {
    post(3);
    tell(1, Delivery::acknowledged);
    tell(2, Delivery::sent, true);
    EXPECT_EQ(outbox_.count_waiting(), 1u);
    outbox_.leave_within(std::chrono::milliseconds(1500));
    EXPECT_FALSE(settles()) << "there is still time";
    EXPECT_TRUE(settles());
    EXPECT_TRUE(outbox_.any_failed());
    EXPECT_THAT(told_, ElementsAre(Delivery::failed));
}

TEST_F(OutboxTest, LeavesWithoutFailingWhatAPeerWasSent) {
    post(1);
    tell(1, Delivery::sent, true);
    outbox_.leave_within({});
    EXPECT_TRUE(settles());
    EXPECT_FALSE(outbox_.any_failed());
    EXPECT_THAT(told_, ElementsAre(Delivery::sent));
}

TEST_F(OutboxTest, LeavesAtOnceWhatARunningNodeHasTaken) {
    backend_.is_remote = true;
    post(1);
    EXPECT_EQ(outbox_.count_waiting(), 1u) << "who stays wants to know";
    outbox_.leave_within(std::chrono::hours(1));
    EXPECT_EQ(outbox_.count_waiting(), 0u);
    EXPECT_TRUE(settles());
    EXPECT_FALSE(outbox_.any_failed());
    backend_.is_reachable = false;
    post(1);
    EXPECT_EQ(outbox_.count_waiting(), 1u) << "this one it has not";
    EXPECT_FALSE(settles());
}

TEST_F(OutboxTest, ForgetsNothingThatMayStillChangeAndKeepsABound) {
    for (Byte i = 0; i < 3; ++i) post(1);
    EXPECT_FALSE(settles());
    for (Byte i = 1; i <= 3; ++i) tell(i, Delivery::acknowledged);
    EXPECT_TRUE(settles());
    EXPECT_THAT(told_, ::testing::SizeIs(3));
}

}  // namespace
}  // namespace sotto::messenger
