// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/event_log.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "sim/world.hpp"

namespace sotto::rpc {
namespace {

class EventLogTest : public testing::Test {
  protected:
    void add(int count, EventKind kind = EventKind::peers) {
        for (int i = 0; i < count; ++i) log.add(kind, {{"n", i}}, "tag");
    }
    sim::World world;
    EventLog log{world.random(), {.events = 5, .bytes = 1000}};
};

TEST_F(EventLogTest, NumbersEventsAndFindsTheNextOne) {
    EXPECT_EQ(log.last(), 0u);
    EXPECT_EQ(log.next(0), nullptr);
    add(3);
    EXPECT_EQ(log.last(), 3u);
    EXPECT_EQ(log.next(0)->number, 1u);
    EXPECT_EQ(log.next(2)->number, 3u);
    EXPECT_EQ(log.next(2)->data, R"({"n":2})");
    EXPECT_EQ(log.next(3), nullptr);
    EXPECT_EQ(log.next(99), nullptr);
}

TEST_F(EventLogTest, KeepsTheNewestByNumberAndByBytes) {
    add(8);
    EXPECT_EQ(log.next(0)->number, 4u);
    log.add(EventKind::states, {{"x", std::string(600, 'x')}}, "tag");
    log.add(EventKind::states, {{"x", std::string(600, 'x')}}, "tag");
    EXPECT_EQ(log.next(0)->number, 10u);
    log.add(EventKind::states, {{"x", std::string(5000, 'x')}}, "tag");
    EXPECT_EQ(log.next(0)->number, 11u) << "one that is larger than all is kept";
}

TEST_F(EventLogTest, FindsItsOwnIdsAndKnowsThoseOfAnEarlierProcess) {
    add(3);
    EXPECT_EQ(log.find(log.id_of(2))->after, 2u);
    EXPECT_FALSE(log.find(log.id_of(2))->restarted);
    const EventLog earlier(world.random());
    EXPECT_TRUE(log.find(earlier.id_of(2))->restarted);
    EXPECT_EQ(log.find(earlier.id_of(2))->after, 0u);
    const auto epoch = log.id_of(0).substr(0, 16);
    for (const auto& wrong : {std::string(),
                              std::string("1"),
                              epoch,
                              epoch + "-",
                              epoch + "-x",
                              epoch + "-4",
                              epoch + "--1",
                              epoch + "-99999999999999999999",
                              "zz" + epoch.substr(2) + "-1",
                              epoch + "- 1"}) {
        EXPECT_EQ(log.find(wrong).error(), Errc::malformed) << wrong;
    }
}

TEST_F(EventLogTest, FiltersByKindAndBySecretOfAFilter) {
    const LoggedEvent message{1, EventKind::messages, "id", "{}"};
    const LoggedEvent state{2, EventKind::states, "0x1", "{}"};
    EventFilter filter{.kinds = {true, true, false}};
    EXPECT_FALSE(filter.wants(message)) << "messages are for who knows the filter's id";
    EXPECT_TRUE(filter.wants(state));
    filter.filters = {"other", "id"};
    filter.hashes = {"0x2"};
    EXPECT_TRUE(filter.wants(message));
    EXPECT_FALSE(filter.wants(state));
    EXPECT_FALSE(filter.wants({3, EventKind::peers, "", "{}"}));
}

TEST_F(EventLogTest, MayBeAddedToByWhomItTells) {
    int told = 0;
    const auto subscription = log.added().subscribe([&](std::uint64_t number) {
        ++told;
        if (number < 20) add(1);
    });
    add(1);
    EXPECT_EQ(told, 20);
    EXPECT_EQ(log.next(0)->number, 16u);
}

}  // namespace
}  // namespace sotto::rpc
