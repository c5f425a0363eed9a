// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/page.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "base/assert.hpp"
#include "codec/multibase.hpp"
#include "crypto/hash.hpp"

namespace sotto::rpc {
namespace {

namespace json = boost::json;

constexpr std::string_view kSessionPath = "/page/session";

/// What stands between `<tag>` and `</tag>`.
std::string_view element(std::string_view html, std::string_view tag) {
    const auto open = "<" + std::string(tag) + ">";
    const auto start = html.find(open);
    const auto end = html.find("</" + std::string(tag) + ">", start);
    SOTTO_ASSERT(start != std::string_view::npos && end != std::string_view::npos, "the page has one of each");
    return html.substr(start + open.size(), end - start - open.size());
}

/// A source of Content Security Policy level 3: the hash of an inline element.
std::string hash_source(std::string_view content) {
    const auto hash = crypto::sha256(view_of(content));
    // 32 bytes leave one character of padding.
    return "'sha256-" + multibase::encode_bare(multibase::Base::base64, hash) + "='";
}

std::string policy_for(std::string_view html) {
    return "default-src 'none'; script-src " + hash_source(element(html, "script")) + "; style-src " +
           hash_source(element(html, "style")) +
           "; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
           "require-trusted-types-for 'script'; trusted-types 'none'";
}

HttpReply make_reply(unsigned status, std::string body = {}) {
    HttpReply reply{.status = status, .content_type = "text/plain", .headers = {}, .body = std::move(body)};
    reply.headers.emplace_back("Referrer-Policy", "no-referrer");
    reply.headers.emplace_back("Cross-Origin-Resource-Policy", "same-origin");
    return reply;
}

std::optional<ByteArray<32>> parse_secret(std::string_view text) {
    if (text.size() != 64) return std::nullopt;
    const auto bytes = from_hex(text);
    // from_hex takes "0x" too, which would make it 31 bytes.
    if (!bytes || bytes->size() != 32) return std::nullopt;
    return first_bytes<32>(*bytes);
}

std::optional<ByteArray<32>> parse_word(std::string_view body) {
    json::error_code code;
    json::parse_options options;
    options.max_depth = 2;
    const auto value = json::parse(body, code, {}, options);
    const auto* object = code ? nullptr : value.if_object();
    const auto* word = object ? object->if_contains("word") : nullptr;
    if (!word || !word->is_string()) return std::nullopt;
    return parse_secret(std::string_view(word->get_string()));
}

std::string_view trim(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace

Page::Page(const Clock& clock, RandomSource& random, std::uint16_t port, std::string_view html)
    : clock_(clock),
      random_(random),
      cookie_name_("sotto-" + std::to_string(port)),
      html_(html),
      policy_(policy_for(html)),
      guesses_(1, kMaxWrong) {}

std::string Page::make_word() {
    const auto now = clock_.now();
    std::erase_if(links_, [&](const Link& link) { return link.until <= now; });
    if (links_.size() == kMaxLinks) links_.erase(links_.begin());
    links_.push_back({.word = random_.array<32>(), .until = now + kLinkLife});
    return to_hex(links_.back().word);
}

std::optional<HttpReply> Page::answer(const HttpRequest& request) {
    if (request.target == "/" && request.method == "GET") return document();
    if (request.target != kSessionPath) return std::nullopt;
    if (request.method == "POST") return exchange(request.body);
    return make_reply(has_session(request.cookie) ? 204 : 401);
}

HttpReply Page::document() const {
    auto reply = make_reply(200, std::string(html_));
    reply.content_type = "text/html; charset=utf-8";
    reply.headers.emplace_back("Content-Security-Policy", policy_);
    return reply;
}

HttpReply Page::exchange(std::string_view body) {
    if (body.size() > kMaxExchange) return make_reply(413, "the body is too large\n");
    const auto word = parse_word(body);
    if (!word || !take_word(*word)) return refuse_word(word ? 401 : 400);
    auto reply = make_reply(204);
    reply.headers.emplace_back("Set-Cookie",
                               cookie_name_ + "=" + open_session() + "; Path=/; HttpOnly; SameSite=Strict");
    return reply;
}

HttpReply Page::refuse_word(unsigned status) {
    if (guesses_.try_take(1, clock_.now())) {
        return make_reply(status, "this link was used or is too old; sotto page prints a new one\n");
    }
    auto reply = make_reply(429, "too many wrong words; wait a little\n");
    reply.headers.emplace_back("Retry-After", "1");
    return reply;
}

bool Page::take_word(const Secret& word) {
    const auto now = clock_.now();
    bool found = false;
    // Every word is looked at, in constant time each: how long it takes tells nothing.
    std::erase_if(links_, [&](const Link& link) {
        const bool same = crypto::equal_constant_time(link.word, word);
        const bool alive = now < link.until;
        found = found || (same && alive);
        return same || !alive;
    });
    return found;
}

std::string Page::open_session() {
    if (sessions_.size() == kMaxSessions) sessions_.erase(sessions_.begin());
    sessions_.push_back({.id = random_.array<32>(), .last_use = clock_.now()});
    return to_hex(sessions_.back().id);
}

bool Page::has_session(std::string_view cookie_header) {
    const auto now = clock_.now();
    std::erase_if(sessions_, [&](const Session& session) { return now - session.last_use >= kSessionIdle; });
    while (!cookie_header.empty()) {
        const auto end = std::min(cookie_header.find(';'), cookie_header.size());
        const auto pair = trim(cookie_header.substr(0, end));
        cookie_header.remove_prefix(std::min(end + 1, cookie_header.size()));
        const auto equals = pair.find('=');
        if (equals == std::string_view::npos || pair.substr(0, equals) != cookie_name_) continue;
        // Another port of this host can set a cookie of this name too: each one that came is tried.
        const auto id = parse_secret(pair.substr(equals + 1));
        if (id && use_session(*id)) return true;
    }
    return false;
}

bool Page::use_session(const Secret& id) {
    auto found = sessions_.end();
    for (auto it = sessions_.begin(); it != sessions_.end(); ++it) {
        if (crypto::equal_constant_time(it->id, id)) found = it;
    }
    if (found == sessions_.end()) return false;
    found->last_use = clock_.now();
    std::rotate(found, found + 1, sessions_.end());
    return true;
}

}  // namespace sotto::rpc
