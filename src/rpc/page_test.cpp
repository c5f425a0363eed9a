// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/page.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/world.hpp"

namespace sotto::rpc {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::MatchesRegex;

constexpr std::string_view kHtml = "<!doctype html><style>a{}</style><p><script>1</script>";
const Duration kTick{1};

std::string exchange_body(const std::string& word) {
    return R"({"word":")" + word + R"("})";
}

std::string header(const HttpReply& reply, std::string_view name) {
    for (const auto& [key, value] : reply.headers) {
        if (key == name) return value;
    }
    return {};
}

class PageTest : public testing::Test {
  protected:
    HttpReply ask(std::string method, std::string target, std::string body = {}, std::string cookie = {}) {
        auto reply = page_.answer({.method = std::move(method),
                                   .target = std::move(target),
                                   .body = std::move(body),
                                   .cookie = std::move(cookie),
                                   .host = "localhost:8545",
                                   .origin = {}});
        return reply ? *reply : HttpReply{.status = 404, .content_type = {}, .headers = {}, .body = {}};
    }
    unsigned exchange(const std::string& word) { return ask("POST", "/page/session", exchange_body(word)).status; }
    /// "sotto-8545=…": what a browser would send back.
    std::string sign_in() {
        const auto cookie = header(ask("POST", "/page/session", exchange_body(page_.make_word())), "Set-Cookie");
        return cookie.substr(0, cookie.find(';'));
    }

    sim::World world_;
    Page page_{world_, world_.random(), 8545, kHtml};
};

TEST_F(PageTest, ServesTheDocumentUnderAPolicyThatAllowsNothingElse) {
    const auto reply = ask("GET", "/");
    EXPECT_EQ(reply.status, 200u);
    EXPECT_EQ(reply.body, kHtml);
    EXPECT_EQ(reply.content_type, "text/html; charset=utf-8");
    const auto policy = header(reply, "Content-Security-Policy");
    // printf 1 | openssl dgst -sha256 -binary | base64, and the same of a{}
    EXPECT_THAT(policy, HasSubstr("script-src 'sha256-a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s=';"));
    EXPECT_THAT(policy, HasSubstr("style-src 'sha256-X1RutGBrXCt9KkSaXMK7tHftWiRscFHOhxsS8tv8hBk=';"));
    EXPECT_THAT(policy, HasSubstr("default-src 'none';"));
    EXPECT_THAT(policy, HasSubstr("frame-ancestors 'none'"));
    EXPECT_THAT(policy, testing::Not(HasSubstr("unsafe")));
    EXPECT_EQ(header(reply, "Referrer-Policy"), "no-referrer");
}

TEST_F(PageTest, LeavesOtherRequestsAlone) {
    for (const auto* target : {"/health", "/metrics", "/page", "/page/session/", "/page/session?x", "//", ""}) {
        EXPECT_EQ(ask("GET", target).status, 404u) << target;
        EXPECT_EQ(ask("POST", target).status, 404u) << target;
    }
    EXPECT_EQ(ask("POST", "/").status, 404u);
}

TEST_F(PageTest, TradesAWordForACookieOnce) {
    const auto word = page_.make_word();
    EXPECT_THAT(word, MatchesRegex("[0-9a-f]{64}"));
    const auto reply = ask("POST", "/page/session", exchange_body(word));
    EXPECT_EQ(reply.status, 204u);
    EXPECT_THAT(header(reply, "Set-Cookie"),
                MatchesRegex("sotto-8545=[0-9a-f]{64}; Path=/; HttpOnly; SameSite=Strict"));
    EXPECT_THAT(header(reply, "Set-Cookie"), testing::Not(HasSubstr(word)));
    EXPECT_EQ(exchange(word), 401u);
}

TEST_F(PageTest, AWordEndsAfterTenMinutes) {
    const auto word = page_.make_word();
    const auto late = page_.make_word();
    world_.run_for(Page::kLinkLife - kTick);
    EXPECT_EQ(exchange(word), 204u);
    world_.run_for(kTick);
    EXPECT_EQ(exchange(late), 401u);
}

TEST_F(PageTest, KeepsABoundedNumberOfWords) {
    std::vector<std::string> words;
    for (std::size_t i = 0; i <= Page::kMaxLinks; ++i) words.push_back(page_.make_word());
    EXPECT_EQ(exchange(words[0]), 401u);
    for (std::size_t i = 1; i < words.size(); ++i) EXPECT_EQ(exchange(words[i]), 204u) << i;
}

TEST_F(PageTest, RefusesWhatIsNotAnExchange) {
    const auto word = page_.make_word();
    const std::vector<std::string> bodies = {"",
                                             "{",
                                             "[]",
                                             "null",
                                             "\"" + word + "\"",
                                             "{\"word\":1}",
                                             "{\"word\":\"\"}",
                                             exchange_body("0x" + word.substr(2)),
                                             exchange_body(word + "00"),
                                             exchange_body(word) + "x",
                                             "{\"word\":[[[[\"" + word + "\"]]]]}"};
    for (const auto& body : bodies) EXPECT_EQ(ask("POST", "/page/session", body).status, 400u) << body;
    EXPECT_EQ(ask("POST", "/page/session", exchange_body(word) + std::string(Page::kMaxExchange, ' ')).status, 413u);
    EXPECT_EQ(exchange(word), 204u);
}

TEST_F(PageTest, TellsWhoGuessesToWaitAndShutsNobodyOut) {
    const auto word = page_.make_word();
    for (unsigned i = 0; i < Page::kMaxWrong; ++i) EXPECT_EQ(exchange(std::string(64, '0')), 401u);
    EXPECT_EQ(exchange(std::string(64, '0')), 429u);
    EXPECT_EQ(exchange(word), 204u);
    EXPECT_EQ(exchange(word), 429u);
    world_.run_for(std::chrono::seconds(1));
    EXPECT_EQ(exchange(word), 401u);
    EXPECT_EQ(exchange(word), 429u);
    world_.run_for(hours(1));
    for (unsigned i = 0; i < Page::kMaxWrong; ++i) EXPECT_EQ(exchange(word), 401u) << "an hour forgives no more";
    EXPECT_EQ(exchange(word), 429u);
}

TEST_F(PageTest, KnowsItsCookieAmongOthers) {
    const auto cookie = sign_in();
    EXPECT_TRUE(page_.has_session(cookie));
    EXPECT_TRUE(page_.has_session("a=b; " + cookie + " ; c"));
    EXPECT_TRUE(page_.has_session("sotto-8545=" + std::string(64, '0') + ";" + cookie)) << "set by another port";
    EXPECT_EQ(ask("GET", "/page/session", {}, cookie).status, 204u);
    const auto value = cookie.substr(cookie.find('=') + 1);
    for (const auto& wrong : std::vector<std::string>{"",
                                                      ";",
                                                      "=",
                                                      value,
                                                      "sotto-8545",
                                                      "sotto-8545=",
                                                      "sotto-8546=" + value,
                                                      "xsotto-8545=" + value,
                                                      "sotto-8545=" + std::string(64, '0'),
                                                      cookie + "00",
                                                      cookie.substr(0, cookie.size() - 2)}) {
        EXPECT_FALSE(page_.has_session(wrong)) << wrong;
        EXPECT_EQ(ask("GET", "/page/session", {}, wrong).status, 401u) << wrong;
    }
}

TEST_F(PageTest, ASessionEndsWhenItIsIdleForADay) {
    const auto used = sign_in();
    const auto idle = sign_in();
    world_.run_for(Page::kSessionIdle - kTick);
    EXPECT_TRUE(page_.has_session(used));
    world_.run_for(kTick);
    EXPECT_FALSE(page_.has_session(idle));
    EXPECT_TRUE(page_.has_session(used));
}

TEST_F(PageTest, OneSessionTooManyEndsTheLeastRecentlyUsed) {
    std::vector<std::string> cookies;
    for (std::size_t i = 0; i < Page::kMaxSessions; ++i) cookies.push_back(sign_in());
    EXPECT_TRUE(page_.has_session(cookies[0]));
    const auto fresh = sign_in();
    EXPECT_TRUE(page_.has_session(cookies[0]));
    EXPECT_TRUE(page_.has_session(fresh));
    EXPECT_FALSE(page_.has_session(cookies[1]));
    EXPECT_TRUE(page_.has_session(cookies[2]));
}

TEST(PageHtml, TheBuiltPageAsksForNothingFromOutside) {
    const auto html = page_html();
    EXPECT_TRUE(html.starts_with("<!doctype html>"));
    sim::World world;
    const Page page(world, world.random(), 1, html);  // finds its script and its style
    for (const auto* foreign : {"<link rel=\"stylesheet", " src=", "@import", "url(", "innerHTML"}) {
        EXPECT_EQ(html.find(foreign), std::string_view::npos) << foreign;
    }
}

}  // namespace
}  // namespace sotto::rpc
