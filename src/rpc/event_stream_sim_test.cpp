// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/event_stream.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "sim/world.hpp"

namespace sotto::rpc {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

bool has(const EventRequest& request, EventKind kind) {
    return request.filter.kinds[static_cast<std::size_t>(kind)];
}

TEST(EventRequest, ReadsKindsNamesAndThePlace) {
    const auto all = parse_event_request("/events", {});
    EXPECT_TRUE(has(*all, EventKind::states) && has(*all, EventKind::peers) && !has(*all, EventKind::messages));
    EXPECT_EQ(all->after, std::nullopt);
    const auto some = parse_event_request("/events?kinds=peers%2Cmessages&filter=ab&filter=cd&hash=0x1&after=a-1", {});
    EXPECT_TRUE(!has(*some, EventKind::states) && has(*some, EventKind::peers) && has(*some, EventKind::messages));
    EXPECT_EQ(some->filter.filters, (std::vector<std::string>{"ab", "cd"}));
    EXPECT_EQ(some->filter.hashes, std::vector<std::string>{"0x1"});
    EXPECT_EQ(some->after, "a-1");
    EXPECT_EQ(parse_event_request("/events?after=a-1", "a-2")->after, "a-2") << "a browser comes back with the header";
    EXPECT_EQ(parse_event_request("/events?after=a-1", "")->after, "a-1");
    EXPECT_TRUE(has(*parse_event_request("/events?filter=ab", {}), EventKind::messages));
}

TEST(EventRequest, RefusesWhatItDoesNotKnow) {
    for (const auto* target : {"/events?kinds=blocks",
                               "/events?kinds=messages",
                               "/events?kind=peers",
                               "/events?x",
                               "/events?kinds=%",
                               "/events?kinds=%4",
                               "/events?after=%zz"}) {
        const auto parsed = parse_event_request(target, {});
        ASSERT_FALSE(parsed) << target;
        EXPECT_EQ(parsed.error(), Errc::malformed);
        EXPECT_FALSE(parsed.error().detail().empty());
    }
    std::string many = "/events?kinds=states";
    for (int i = 0; i < 101; ++i) many += "&hash=0x1";
    EXPECT_FALSE(parse_event_request(many, {}));
}

class EventStreamTest : public testing::Test {
  protected:
    void add(int n, EventKind kind = EventKind::peers) { log.add(kind, {{"n", n}}, "tag"); }
    EventReader reader(std::string_view target, std::optional<std::string_view> last = {}) {
        return *EventReader::open(log, *parse_event_request(target, last));
    }
    std::string event(int n, std::uint64_t number, std::string_view kind = "peers") {
        return "id: " + log.id_of(number) + "\nevent: " + std::string(kind) + "\ndata: {\"n\":" + std::to_string(n) +
               "}\n\n";
    }
    std::string lost(std::string_view data, std::uint64_t number) {
        return "id: " + log.id_of(number) + "\nevent: lost\ndata: " + std::string(data) + "\n\n";
    }

    sim::World world;
    EventLog log{world.random(), {.events = 5, .bytes = 100'000}};
};

TEST_F(EventStreamTest, AReaderSeesWhatComesAfterItAndNothingBefore) {
    add(1);
    auto live = reader("/events");
    EXPECT_EQ(live.take(1000), "");
    add(2);
    add(3, EventKind::states);
    EXPECT_EQ(live.take(1000), event(2, 2) + event(3, 3, "states"));
    EXPECT_EQ(live.take(1000), "");
}

TEST_F(EventStreamTest, AReaderComesBackWhereItWas) {
    for (int i = 1; i <= 4; ++i) add(i);
    EXPECT_EQ(reader("/events", log.id_of(2)).take(1000), event(3, 3) + event(4, 4));
    EXPECT_EQ(reader("/events?after=" + log.id_of(4)).take(1000), "");
    EXPECT_FALSE(EventReader::open(log, *parse_event_request("/events", log.id_of(5))));
}

TEST_F(EventStreamTest, TellsHowManyEventsWereLost) {
    auto slow = reader("/events");
    for (int i = 1; i <= 8; ++i) add(i);
    EXPECT_EQ(slow.take(1), lost(R"({"count":3,"restarted":false})", 3));
    EXPECT_EQ(slow.take(1), event(4, 4));
    auto back = reader("/events", log.id_of(1));
    EXPECT_EQ(back.take(1), lost(R"({"count":2,"restarted":false})", 3));
    EXPECT_EQ(reader("/events", log.id_of(3)).take(1), event(4, 4)) << "nothing is lost at the edge";
}

TEST_F(EventStreamTest, TellsAReaderOfAnEarlierProcessThatItsLossIsUnknown) {
    const EventLog earlier(world.random());
    auto back = reader("/events", earlier.id_of(70));
    EXPECT_EQ(back.take(1000), lost(R"({"count":null,"restarted":true})", 0));
    EXPECT_EQ(back.take(1000), "");
    for (int i = 1; i <= 7; ++i) add(i);
    EXPECT_EQ(reader("/events", earlier.id_of(1)).take(1), lost(R"({"count":null,"restarted":true})", 2));
}

TEST_F(EventStreamTest, SkipsWhatIsNotWantedAndItsIdMovesOn) {
    auto states = reader("/events?kinds=states");
    for (int i = 1; i <= 3; ++i) add(i);
    EXPECT_EQ(states.take(1000), "");
    EXPECT_EQ(states.heartbeat(), "id: " + log.id_of(3) + "\n\n");
}

TEST_F(EventStreamTest, GivesAtMostAChunkUnlessOneEventIsLarger) {
    auto all = reader("/events");
    for (int i = 1; i <= 4; ++i) add(i);
    const auto size = event(1, 1).size();
    EXPECT_EQ(all.take(2 * size + 1), event(1, 1) + event(2, 2));
    EXPECT_EQ(all.take(1), event(3, 3));
}

TEST_F(EventStreamTest, WritesEventsAtOnceAndAHeartbeatWhenNothingComes) {
    std::vector<std::string> written;
    EventStream stream(world.env(), log, reader("/events"));
    const EventStream::Write write = [&](std::string text) -> Task<Result<void>> {
        written.push_back(std::move(text));
        co_return Result<void>{};
    };
    world.spawn(stream.run(write, {}));
    world.run_for(seconds(1));
    ASSERT_EQ(written.size(), 1u);
    EXPECT_EQ(written[0], "retry: 2000\nid: " + log.id_of(0) + "\n\n");
    add(1);
    world.run_for(milliseconds(1));
    ASSERT_EQ(written.size(), 2u);
    EXPECT_EQ(written[1], event(1, 1));
    world.run_for(seconds(14));
    EXPECT_EQ(written.size(), 2u);
    world.run_for(seconds(2));
    ASSERT_EQ(written.size(), 3u);
    EXPECT_EQ(written[2], "id: " + log.id_of(1) + "\n\n");
    stream.stop();
    world.run_for(milliseconds(1));
    add(2);
    world.run_for(seconds(60));
    EXPECT_EQ(written.size(), 3u);
}

TEST_F(EventStreamTest, AsksFiltersWhileSomebodyReadsThemAndEndsWithThem) {
    int asked = 0;
    std::string all;
    EventStream stream(world.env(), log, reader("/events?filter=tag"));
    const EventStream::Write write = [&](std::string text) -> Task<Result<void>> {
        all += text;
        co_return Result<void>{};
    };
    const EventStream::Poll poll = [&]() -> Result<void> {
        if (++asked == 5) add(5, EventKind::messages);
        if (asked > 20) return fail(Errc::not_found);
        return {};
    };
    world.spawn(stream.run(write, poll));
    world.run_for(seconds(1));
    EXPECT_NE(all.find("event: messages\ndata: {\"n\":5}"), std::string::npos) << all;
    EXPECT_GE(asked, 9);
    EXPECT_LE(asked, 14);
    world.run_for(seconds(60));
    EXPECT_EQ(asked, 21);
}

TEST_F(EventStreamTest, EndsWhenTheReaderTakesNoMore) {
    int writes = 0;
    EventStream stream(world.env(), log, reader("/events"));
    const EventStream::Write write = [&](std::string) -> Task<Result<void>> {
        ++writes;
        co_return fail(Errc::reset);
    };
    world.spawn(stream.run(write, {}));
    world.run_for(seconds(60));
    EXPECT_EQ(writes, 1);
}

}  // namespace
}  // namespace sotto::rpc
