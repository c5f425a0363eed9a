// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"

namespace sotto::rpc {

/// What the access rules look at in one HTTP request or WebSocket upgrade. Absent headers are nullopt.
struct RequestHead {
    std::string_view method;  ///< "POST", "GET", …
    bool upgrade = false;     ///< asks for a WebSocket
    std::optional<std::string_view> host;
    std::optional<std::string_view> origin;
    std::optional<std::string_view> authorization;
    std::optional<std::string_view> content_type;
    bool session = false;  ///< carries the cookie of a session that the page has begun
};

struct AccessConfig {
    std::string token;  ///< 64 hex digits
    std::vector<std::string> vhosts;
    std::vector<std::string> origins;
};

/// Where the request came in.
struct Endpoint {
    std::string address;  ///< IP in text form, without brackets
    std::uint16_t port = 0;
    bool loopback = false;
};

/// What a caller may use; each may call what those before it may.
enum class Rights : std::uint8_t {
    none,     ///< the page and nothing else
    session,  ///< the namespaces shh and sotto, as the person whose node it is
    open,     ///< every namespace but admin, and /health, /metrics, as nobody known
    admin,    ///< everything
};

struct Verdict {
    unsigned status = 200;  ///< an HTTP status; 200 lets the request in
    std::string reason;     ///< for the caller, when refused
    Rights rights = Rights::none;
    bool page = false;  ///< may ask for the page, whatever the status: Host, Origin and content type are right
};

/// The rules of the RPC port, pure. They stop what a web page, another local user or a rebound DNS name could do:
/// the Host must name the listener or a --rpc-vhosts name; an Origin must be the scheme and Host of an allowed Host, or
/// in --rpc-origins ("null" never is); a POST must say application/json; without the token only a session whose Origin
/// is there and names the same host and port as Host is served, and a loopback listener serves everybody.
Verdict check_access(const AccessConfig& config, const Endpoint& endpoint, const RequestHead& head);

/// Whether somebody with these rights may call methods of this namespace.
bool may_use(Rights rights, std::string_view name_space) noexcept;

}  // namespace sotto::rpc
