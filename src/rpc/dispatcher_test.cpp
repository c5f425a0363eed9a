// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/dispatcher.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/event.hpp"
#include "base/task_group.hpp"
#include "sim/world.hpp"

namespace sotto::rpc {
namespace {

class TestClient final : public Client {
  public:
    explicit TestClient(Rights rights) : rights_(rights) {}
    Rights rights() const noexcept override { return rights_; }

  private:
    Rights rights_;
};

class DispatcherTest : public testing::Test {
  protected:
    DispatcherTest() {
        dispatcher.add("x_echo", [](Client&, const json::array& params) -> Task<Result<json::value>> {
            co_return json::value(params);
        });
        dispatcher.add("x_fail", [](Client&, const json::array&) -> Task<Result<json::value>> {
            co_return fail(Errc::not_found, "nope");
        });
        dispatcher.add("x_params", [](Client&, const json::array&) -> Task<Result<json::value>> {
            co_return fail(Errc::malformed, "bad");
        });
        dispatcher.add("admin_do",
                       [](Client&, const json::array&) -> Task<Result<json::value>> { co_return json::value(true); });
    }
    std::string ask(std::string_view text, Rights rights = Rights::open) {
        TestClient client(rights);
        return sim::run_task(world, dispatcher.handle(text, client));
    }
    std::int64_t code_of(std::string_view text) { return json::parse(ask(text)).at("error").at("code").as_int64(); }

    sim::World world{1};
    node::Limits limits{.rpc_batch = 3};
    Dispatcher dispatcher{limits, Dispatcher::Bounds{.reply_bytes = 1000, .under_way = 2000}};
};

TEST_F(DispatcherTest, AnswersACallWithItsId) {
    EXPECT_EQ(ask(R"({"jsonrpc":"2.0","id":7,"method":"x_echo","params":[1,"a"]})"),
              R"({"jsonrpc":"2.0","id":7,"result":[1,"a"]})");
    EXPECT_EQ(ask(R"({"jsonrpc":"2.0","id":"q","method":"x_echo"})"), R"({"jsonrpc":"2.0","id":"q","result":[]})");
    EXPECT_EQ(ask(R"({"jsonrpc":"2.0","id":1,"method":"x_echo","params":{"a":1}})"),
              R"({"jsonrpc":"2.0","id":1,"result":[{"a":1}]})");
}

TEST_F(DispatcherTest, UsesTheStandardErrorCodes) {
    EXPECT_EQ(code_of("{"), -32700);
    EXPECT_EQ(code_of(std::string(100, '[') + std::string(100, ']')), -32700) << "depth is bounded";
    EXPECT_EQ(code_of("[]"), -32600);
    EXPECT_EQ(code_of("1"), -32600);
    EXPECT_EQ(code_of(R"({"id":1,"method":"x_echo"})"), -32600);
    EXPECT_EQ(code_of(R"({"jsonrpc":"2.0","id":{},"method":"x_echo"})"), -32600);
    EXPECT_EQ(code_of(R"({"jsonrpc":"2.0","id":1,"method":5})"), -32600);
    EXPECT_EQ(code_of(R"({"jsonrpc":"2.0","id":1,"method":"x_echo","params":"a"})"), -32600);
    EXPECT_EQ(code_of(R"({"jsonrpc":"2.0","id":1,"method":"x_none"})"), -32601);
    EXPECT_EQ(code_of(R"({"jsonrpc":"2.0","id":1,"method":"x_params"})"), -32602);
    EXPECT_EQ(code_of(R"({"jsonrpc":"2.0","id":1,"method":"x_fail"})"), -32000);
}

TEST_F(DispatcherTest, BoundsTheValuesOfARequest) {
    const auto call = [](std::size_t arrays) {
        std::string inner = "[]";
        for (std::size_t i = 1; i < arrays; ++i) inner += ",[]";
        return R"({"jsonrpc":"2.0","id":1,"method":"x_echo","params":[)" + inner + "]}";
    };
    const auto most = Dispatcher::Bounds{}.values;
    EXPECT_FALSE(json::parse(ask(call(most / 2 - 10))).as_object().contains("error"));
    EXPECT_EQ(code_of(call(most / 2 + 10)), -32700);
}

TEST_F(DispatcherTest, AnswersBatchesInOrderWithoutTheNotifications) {
    EXPECT_EQ(
        ask(R"([{"jsonrpc":"2.0","id":1,"method":"x_echo"},{"jsonrpc":"2.0","method":"x_echo"},3])"),
        R"([{"jsonrpc":"2.0","id":1,"result":[]},{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"invalid request"}}])");
    EXPECT_EQ(ask(R"({"jsonrpc":"2.0","method":"x_echo"})"), "");
    EXPECT_EQ(ask(R"([{"jsonrpc":"2.0","method":"x_echo"}])"), "");
}

TEST_F(DispatcherTest, BoundsWhatIsUnderWay) {
    Event answer(world.env().executor);
    dispatcher.add("x_wait", [&](Client&, const json::array&) -> Task<Result<json::value>> {
        co_await answer.wait();
        co_return json::value(true);
    });
    const auto request = [](std::string_view method, std::size_t bytes) {
        return R"({"jsonrpc":"2.0","id":1,"method":")" + std::string(method) + R"(","params":[")" +
               std::string(bytes, 'a') + "\"]}";
    };
    EXPECT_FALSE(ask(request("x_fail", 5000)).contains("-32005")) << "alone";
    auto body = [&](TaskGroup& group) -> Task<Result<void>> {
        TestClient client(Rights::open);
        std::string waited;
        const auto long_one = request("x_wait", 1500);
        auto wait = [&]() -> Task<void> { waited = co_await dispatcher.handle(long_one, client); };
        group.spawn(wait());
        co_await sleep_for(world, std::chrono::seconds(1));
        const auto large = request("x_fail", 500);
        const auto refused = co_await dispatcher.handle(large, client);
        EXPECT_TRUE(refused.contains("-32005"));
        const auto batch = "[" + request("x_echo", 90) + "," + request("x_echo", 90) + "]";
        const auto cut = co_await dispatcher.handle(batch, client);
        EXPECT_TRUE(cut.contains("-32005")) << "its answers count";
        const auto small = request("x_fail", 1);
        const auto failed = co_await dispatcher.handle(small, client);
        EXPECT_TRUE(failed.contains("nope"));
        answer.notify();
        co_await group.wait_all();
        EXPECT_TRUE(waited.contains("true"));
        const auto passed = co_await dispatcher.handle(large, client);
        EXPECT_TRUE(passed.contains("nope"));
        co_return Result<void>{};
    };
    EXPECT_TRUE(world.run(with_group(world.env(), 1, std::ref(body))));
}

TEST_F(DispatcherTest, BoundsBatchesAndTheirAnswers) {
    const std::string call =
        R"({"jsonrpc":"2.0","id":1,"method":"x_echo","params":[")" + std::string(600, 'a') + "\"]}";
    EXPECT_EQ(code_of("[" + call + "," + call + "]"), -32000);
    EXPECT_EQ(code_of("[1,1,1,1]"), -32600);
    limits.rpc_batch = 4;
    EXPECT_EQ(json::parse(ask("[1,1,1,1]")).as_array().size(), 4u) << "the limit is what it is now";
}

TEST_F(DispatcherTest, CountsCallsByNamespaceAndHowTheyEnded) {
    const auto call = [](std::string_view method) {
        return R"({"jsonrpc":"2.0","id":1,"method":")" + std::string(method) + "\"}";
    };
    EXPECT_EQ(dispatcher.counters().namespaces.size(), 2u) << "all are there before the first call";
    for (const auto* method : {"x_echo", "x_fail", "x_params", "x_none", "admin_do", "y_none", "admin_none"}) {
        ask(call(method));
    }
    ask(call("admin_do"), Rights::admin);
    ask("[" + call("x_echo") + ",1," + call("x_echo") + "]");
    ask("{");
    ask("[]");
    ask("[1,1,1,1]");
    const auto& counters = dispatcher.counters();
    const auto& x = counters.namespaces.at("x");
    const auto& admin = counters.namespaces.at("admin");
    EXPECT_EQ((std::array{x.ok, x.failed, x.refused}), (std::array<std::uint64_t, 3>{3, 2, 0}));
    EXPECT_EQ((std::array{admin.ok, admin.failed, admin.refused}), (std::array<std::uint64_t, 3>{1, 0, 1}));
    EXPECT_EQ(counters.unknown, 3u);
    EXPECT_EQ(counters.invalid, 4u);
    EXPECT_EQ(counters.namespaces.size(), 2u) << "callers add none";
}

TEST_F(DispatcherTest, KeepsAdminBehindTheToken) {
    const auto* call = R"({"jsonrpc":"2.0","id":1,"method":"admin_do"})";
    EXPECT_EQ(code_of(call), -32000);
    EXPECT_EQ(ask(call, Rights::admin), R"({"jsonrpc":"2.0","id":1,"result":true})");
}

TEST_F(DispatcherTest, GivesASessionOfThePageItsTwoNamespacesAlone) {
    dispatcher.add("sotto_do",
                   [](Client&, const json::array&) -> Task<Result<json::value>> { co_return json::value(true); });
    EXPECT_EQ(ask(R"({"jsonrpc":"2.0","id":1,"method":"sotto_do"})", Rights::session),
              R"({"jsonrpc":"2.0","id":1,"result":true})");
    for (const auto* method : {"x_echo", "admin_do"}) {
        const auto reply = ask(std::string(R"({"jsonrpc":"2.0","id":1,"method":")") + method + "\"}", Rights::session);
        EXPECT_NE(reply.find("-32000"), std::string::npos) << reply;
    }
}

}  // namespace
}  // namespace sotto::rpc
