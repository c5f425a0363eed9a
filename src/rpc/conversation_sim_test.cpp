// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/conversation.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <list>

#include "base/event.hpp"
#include "sim/world.hpp"

namespace sotto::rpc {
namespace {

using std::chrono::seconds;

/// A client whose every read and write the test lets through.
class TestChannel final : public MessageChannel {
  public:
    explicit TestChannel(const Env& env) : readable_(env.executor), writable_(env.executor) {}

    Task<Result<std::string>> read() override {
        while (!closed && incoming.empty() && !ends_with) co_await readable_.wait();
        if (closed) co_return fail(Errc::reset);
        if (incoming.empty()) co_return fail(*ends_with);
        auto next = std::move(incoming.front());
        incoming.pop_front();
        co_return next;
    }
    Task<Result<void>> write(const std::string& message) override {
        while (!closed && !reads) co_await writable_.wait();
        if (closed) co_return fail(Errc::reset);
        written.push_back(message);
        co_return Result<void>{};
    }
    void close() noexcept override {
        closed = true;
        readable_.notify();
        writable_.notify();
    }
    void say(std::string request) {
        incoming.push_back(std::move(request));
        readable_.notify();
    }
    void end(Error why) {
        ends_with = std::move(why);
        readable_.notify();
    }
    void start_reading() {
        reads = true;
        writable_.notify();
    }

    std::list<std::string> incoming;
    std::vector<std::string> written;
    std::optional<Error> ends_with;
    bool reads = true;
    bool closed = false;

  private:
    Event readable_;
    Event writable_;
};

class ConversationTest : public testing::Test {
  protected:
    ConversationTest() {
        dispatcher.add("x_echo", [](Client&, const json::array& params) -> Task<Result<json::value>> {
            co_return json::value(params);
        });
        dispatcher.add("x_slow", [this](Client&, const json::array&) -> Task<Result<json::value>> {
            ++running;
            most_running = std::max(most_running, running);
            co_await sleep_for(world, seconds(1));
            --running;
            co_return json::value("slow");
        });
        dispatcher.add("x_large", [this](Client&, const json::array&) -> Task<Result<json::value>> {
            co_await sleep_for(world, seconds(1));
            co_return json::value(std::string(2000, 'a'));
        });
        dispatcher.add("x_watch", [this](Client& client, const json::array&) -> Task<Result<json::value>> {
            client.subscriptions.emplace("w",
                                         told.subscribe([&client](const std::string& text) { client.notify(text); }));
            co_return json::value(true);
        });
    }
    void TearDown() override {
        channel.close();
        world.run_for(seconds(5));
    }
    void start() {
        world.spawn([](ConversationTest& test) -> Task<void> {
            co_await converse(test.world.env(), test.channel, test.dispatcher, test.backlog, test.caller, test.bounds);
            test.ended = true;
        }(*this));
    }
    static std::string call(std::string_view method, int id = 1) {
        return R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + R"(,"method":")" + std::string(method) + "\"}";
    }
    std::size_t written() const { return channel.written.size(); }

    sim::World world;
    TestChannel channel{world.env()};
    node::Limits limits;
    Dispatcher dispatcher{limits};
    Backlog backlog{5000};
    Signal<std::string> told;
    Caller caller{Rights::open, [] { return true; }};
    ConversationBounds bounds{.unsent_bytes = 1000, .calls = 2, .write_limit = seconds(30)};
    int running = 0;
    int most_running = 0;
    bool ended = false;
};

TEST_F(ConversationTest, AnswersEachCallAsSoonAsItIsDone) {
    start();
    channel.say(call("x_slow", 1));
    channel.say(call("x_echo", 2));
    world.run_for(seconds(2));
    ASSERT_EQ(written(), 2u);
    EXPECT_NE(channel.written[0].find("\"id\":2"), std::string::npos);
    EXPECT_NE(channel.written[1].find("\"id\":1"), std::string::npos);
}

TEST_F(ConversationTest, RunsABoundedNumberOfCallsAtOnce) {
    start();
    for (int i = 0; i < 10; ++i) channel.say(call("x_slow"));
    ASSERT_TRUE(world.run_until([&] { return written() == 10; }, seconds(20)));
    EXPECT_EQ(most_running, 3) << "the last one keeps the reader busy";
}

TEST_F(ConversationTest, AnswersWhatWasAskedBeforeTheClientEndedItsSide) {
    start();
    channel.say(call("x_slow"));
    channel.end(Error(Errc::closed));
    world.run_for(seconds(2));
    EXPECT_EQ(written(), 1u);
    EXPECT_TRUE(ended && channel.closed);
}

TEST_F(ConversationTest, DropsTheCallsOfAClientThatIsGone) {
    start();
    channel.say(call("x_slow"));
    world.run_for(std::chrono::milliseconds(10));
    channel.end(Error(Errc::reset));
    world.run_for(std::chrono::milliseconds(10));
    EXPECT_TRUE(ended);
    EXPECT_EQ(written(), 0u);
}

TEST_F(ConversationTest, TellsAClientThatSendsNoJsonAndEnds) {
    start();
    channel.end(Error(Errc::malformed, "what is this"));
    world.run_for(seconds(1));
    ASSERT_EQ(written(), 1u);
    EXPECT_EQ(json::parse(channel.written[0]).at("error").at("code").as_int64(), -32700);
    EXPECT_TRUE(ended);
}

TEST_F(ConversationTest, ClosesAClientThatDoesNotReadItsNotifications) {
    start();
    channel.say(call("x_watch"));
    world.run_for(seconds(1));
    channel.reads = false;
    for (int i = 0; i < 3; ++i) told.emit(std::string(400, 'n'));
    world.run_for(seconds(1));
    EXPECT_TRUE(ended && channel.closed);
}

TEST_F(ConversationTest, TellsOneThatReadsEverythingHoweverLargeOnce) {
    start();
    channel.say(call("x_watch"));
    world.run_for(seconds(1));
    for (int i = 0; i < 10; ++i) {
        told.emit(std::string(5000, 'n'));
        world.run_for(seconds(1));
    }
    EXPECT_EQ(written(), 11u);
    EXPECT_FALSE(ended);
}

TEST_F(ConversationTest, ReadsNoMoreOfAClientThatDoesNotReadItsAnswers) {
    channel.reads = false;
    start();
    const std::string text(400, 'a');
    for (int i = 0; i < 100; ++i) {
        channel.say(R"({"jsonrpc":"2.0","id":1,"method":"x_echo","params":[")" + text + "\"]}");
    }
    world.run_for(seconds(10));
    EXPECT_GT(channel.incoming.size(), 90u);
    channel.start_reading();
    ASSERT_TRUE(world.run_until([&] { return written() == 100; }, seconds(10))) << "none is lost";
    EXPECT_FALSE(ended);
}

TEST_F(ConversationTest, ReadsNoMoreWhileALargeAnswerIsBeingWritten) {
    channel.reads = false;
    start();
    channel.say(call("x_large"));
    world.run_for(seconds(2));
    for (int i = 0; i < 5; ++i) channel.say(call("x_echo"));
    world.run_for(seconds(10));
    EXPECT_EQ(channel.incoming.size(), 4u) << "the first was waited for already";
    EXPECT_GT(backlog.bytes(), 2000u);
    channel.start_reading();
    ASSERT_TRUE(world.run_until([&] { return written() == 6; }, seconds(10)));
    EXPECT_EQ(backlog.bytes(), 0u);
}

TEST_F(ConversationTest, EndsWhenOthersNeedTheMemory) {
    channel.reads = false;
    start();
    channel.say(call("x_echo"));
    world.run_for(seconds(1));
    EXPECT_FALSE(ended);
    Backlog::Share other(backlog, [] {});
    other.set(5000);
    world.run_for(seconds(1));
    EXPECT_TRUE(ended && channel.closed);
    EXPECT_EQ(backlog.bytes(), 5000u);
}

TEST_F(ConversationTest, ClosesAClientThatTakesNothingForTooLong) {
    channel.reads = false;
    start();
    channel.say(call("x_echo"));
    world.run_for(seconds(29));
    EXPECT_FALSE(ended);
    world.run_for(seconds(2));
    EXPECT_TRUE(ended && channel.closed);
}

TEST_F(ConversationTest, RefusesCallsAboveTheRate) {
    int left = 2;
    caller.take_call = [&] { return left-- > 0; };
    start();
    for (int i = 0; i < 3; ++i) channel.say(call("x_echo", i));
    world.run_for(seconds(1));
    ASSERT_EQ(written(), 3u);
    EXPECT_EQ(json::parse(channel.written[2]).at("error").at("code").as_int64(), -32005);
}

}  // namespace
}  // namespace sotto::rpc
