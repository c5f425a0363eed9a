// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/access.hpp"

#include <gtest/gtest.h>

namespace sotto::rpc {
namespace {

const Endpoint kLoopback{"127.0.0.1", 8545, true};
const Endpoint kPublic{"192.0.2.7", 8545, false};
const AccessConfig kConfig{std::string(64, 'a'), {"node.example"}, {"https://app.example"}};

RequestHead post(std::string_view host) {
    return {.method = "POST", .host = host, .content_type = "application/json"};
}

unsigned status(const Endpoint& endpoint, const RequestHead& head) {
    return check_access(kConfig, endpoint, head).status;
}

TEST(Access, ServesTheListenersOwnNamesOnly) {
    for (const auto* host :
         {"localhost:8545", "127.0.0.1:8545", "[::1]:8545", "LOCALHOST:8545", "node.example", "node.example:1"}) {
        EXPECT_EQ(status(kLoopback, post(host)), 200u) << host;
    }
    for (const auto* host : {"evil.example",
                             "localhost",
                             "localhost:1",
                             "127.0.0.1.evil.example:8545",
                             "",
                             ":8545",
                             "[::1:8545",
                             "localhost:8545:1",
                             "localhost:99999"}) {
        EXPECT_EQ(status(kLoopback, post(host)), 403u) << host;
    }
    EXPECT_EQ(check_access(kConfig, kLoopback, {.method = "POST", .content_type = "application/json"}).status, 403u);
}

TEST(Access, RefusesForeignAndNullOrigins) {
    auto head = post("localhost:8545");
    for (const auto* origin :
         {"http://localhost:8545", "http://127.0.0.1:8545", "https://app.example", "http://node.example"}) {
        head.origin = origin;
        EXPECT_EQ(status(kLoopback, head), 200u) << origin;
    }
    for (const auto* origin : {"null",
                               "http://evil.example",
                               "https://localhost:8545",
                               "http://localhost",
                               "file://",
                               "",
                               "https://app.example.evil"}) {
        head.origin = origin;
        EXPECT_EQ(status(kLoopback, head), 403u) << origin;
    }
    AccessConfig careless = kConfig;
    careless.origins.emplace_back("null");
    head.origin = "null";
    EXPECT_EQ(check_access(careless, kLoopback, head).status, 403u);
}

TEST(Access, WantsJsonSoThatNoSimpleRequestOfAWebPageGetsIn) {
    auto head = post("localhost:8545");
    for (const auto* type : {"application/json; charset=utf-8", "Application/JSON", "application/json "}) {
        head.content_type = type;
        EXPECT_EQ(status(kLoopback, head), 200u) << type;
    }
    for (const auto* type : {"text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""}) {
        head.content_type = type;
        EXPECT_EQ(status(kLoopback, head), 415u) << type;
    }
    head.content_type.reset();
    EXPECT_EQ(status(kLoopback, head), 415u);
}

TEST(Access, GivesAdminOnlyWithTheTokenAndNothingOffLoopbackWithout) {
    const auto bearer = "Bearer " + kConfig.token;
    auto head = post("localhost:8545");
    EXPECT_EQ(check_access(kConfig, kLoopback, head).rights, Rights::open);
    head.authorization = bearer;
    EXPECT_EQ(check_access(kConfig, kLoopback, head).rights, Rights::admin);
    for (const auto& wrong : {std::string("Bearer "),
                              "Bearer " + std::string(64, 'b'),
                              "Bearer " + std::string(63, 'a'),
                              kConfig.token,
                              "Basic " + kConfig.token}) {
        head.authorization = wrong;
        EXPECT_EQ(status(kLoopback, head), 401u) << wrong;
    }
    EXPECT_EQ(status(kPublic, post("192.0.2.7:8545")), 401u);
    auto with_token = post("192.0.2.7:8545");
    with_token.authorization = bearer;
    EXPECT_EQ(status(kPublic, with_token), 200u);
    EXPECT_EQ(status(kPublic, post("localhost:8545")), 403u);
}

TEST(Access, HoldsAWebSocketUpgradeToTheSameRules) {
    RequestHead head{.method = "GET", .upgrade = true, .host = "localhost:8545", .origin = "http://evil.example"};
    EXPECT_EQ(status(kLoopback, head), 403u);
    head.origin.reset();
    EXPECT_EQ(status(kLoopback, head), 200u);
}

TEST(Access, TakesASessionOffLoopbackFromItsOwnOriginOnly) {
    auto head = post("192.0.2.7:8545");
    head.session = true;
    const auto rights = [&] { return check_access(kConfig, kPublic, head).rights; };
    EXPECT_EQ(rights(), Rights::none) << "without an Origin it may come from anywhere";
    head.origin = "http://192.0.2.7:8545";
    EXPECT_EQ(rights(), Rights::session);
    head.origin = "https://app.example";
    EXPECT_EQ(rights(), Rights::none) << "allowed to call, but not as the page";
    head.origin = "http://node.example";
    EXPECT_EQ(rights(), Rights::none);
    head.host = "node.example";
    EXPECT_EQ(rights(), Rights::session);
    const auto bearer = "Bearer " + kConfig.token;
    head.authorization = bearer;
    EXPECT_EQ(rights(), Rights::admin);
    head.authorization = "Bearer x";
    EXPECT_EQ(rights(), Rights::none) << "a wrong token is not made good by a session";
}

TEST(Access, TakesASessionOnLoopbackForThePersonAndAllElseForNobodyKnown) {
    auto head = post("localhost:8545");
    head.session = true;
    EXPECT_EQ(check_access(kConfig, kLoopback, head).rights, Rights::open);
    head.origin = "http://localhost:8545";
    EXPECT_EQ(check_access(kConfig, kLoopback, head).rights, Rights::session);
    head.session = false;
    EXPECT_EQ(check_access(kConfig, kLoopback, head).rights, Rights::open);
}

TEST(Access, LetsThePageBeAskedForWithoutAToken) {
    RequestHead head{.method = "GET", .host = "192.0.2.7:8545"};
    EXPECT_TRUE(check_access(kConfig, kPublic, head).page);
    head.origin = "http://evil.example";
    EXPECT_FALSE(check_access(kConfig, kPublic, head).page);
    head.origin.reset();
    head.host = "evil.example";
    EXPECT_FALSE(check_access(kConfig, kPublic, head).page);
    auto form = post("192.0.2.7:8545");
    form.content_type = "text/plain";
    EXPECT_FALSE(check_access(kConfig, kPublic, form).page);
}

TEST(Access, GivesNamespacesByRights) {
    for (const auto* name : {"shh", "sotto"}) {
        EXPECT_FALSE(may_use(Rights::none, name));
        EXPECT_TRUE(may_use(Rights::session, name));
    }
    for (const auto* name : {"net", "web3", "rpc", "shhext"}) {
        EXPECT_FALSE(may_use(Rights::session, name));
        EXPECT_TRUE(may_use(Rights::open, name));
    }
    EXPECT_FALSE(may_use(Rights::open, "admin"));
    EXPECT_TRUE(may_use(Rights::admin, "admin"));
}

}  // namespace
}  // namespace sotto::rpc
