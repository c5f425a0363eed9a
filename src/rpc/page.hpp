// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.hpp"
#include "base/token_bucket.hpp"
#include "rpc/http.hpp"

namespace sotto::rpc {

/// The page as it stands in the binary: web/dist/index.html.
std::string_view page_html() noexcept;

/// The page for people and who may use it. A link carries a word that is good once; the page trades it for a cookie
/// worth the `shh` and `sotto` namespaces. Nothing is written to disk: sessions end with the process. Pure: time and
/// randomness come in. Loop thread only.
class Page {
  public:
    static constexpr Duration kLinkLife = std::chrono::minutes(10);
    static constexpr Duration kSessionIdle = std::chrono::hours(24);
    static constexpr std::size_t kMaxLinks = 16;      ///< unused at once; one more drops the oldest
    static constexpr std::size_t kMaxSessions = 32;   ///< one more ends the one that was idle the longest
    static constexpr std::size_t kMaxExchange = 256;  ///< bytes of an exchange's body
    /// Wrong words: this many at once, and one more each second; more are told to wait. A right one is always taken:
    /// 256 bits need no help against guesses, and nobody shall shut others out by guessing.
    static constexpr unsigned kMaxWrong = 20;

    /// `port` is where the page is served: browsers give the cookies of a host to all its ports, so each node's has a
    /// name of its own. `clock` and `random` outlive the page, `html` too; its one <script> and one <style> are what
    /// the policy allows.
    Page(const Clock& clock, RandomSource& random, std::uint16_t port, std::string_view html);

    /// A word of 64 hex digits, for one exchange within kLinkLife. It belongs behind the # of a link: browsers send
    /// that part to nobody.
    std::string make_word();

    /// Serves GET /, GET /page/session (204: the cookie is worth something, else 401) and POST /page/session
    /// {"word": …}, which answers 204 with the cookie, 401, 413, 400 or 429. Nothing for any other request. Host and
    /// Origin are checked before.
    std::optional<HttpReply> answer(const HttpRequest& request);

    /// Whether a Cookie header names a session; that counts as use.
    bool has_session(std::string_view cookie_header);

  private:
    using Secret = ByteArray<32>;
    struct Link {
        Secret word;
        TimePoint until;
    };
    struct Session {
        Secret id;
        TimePoint last_use;
    };

    HttpReply exchange(std::string_view body);
    HttpReply refuse_word(unsigned status);
    bool take_word(const Secret& word);
    std::string open_session();
    bool use_session(const Secret& id);
    HttpReply document() const;

    const Clock& clock_;
    RandomSource& random_;
    std::string cookie_name_;
    std::string_view html_;
    std::string policy_;
    std::vector<Link> links_;        ///< oldest first
    std::vector<Session> sessions_;  ///< least recently used first
    TokenBucket guesses_;            ///< wrong words
};

}  // namespace sotto::rpc
