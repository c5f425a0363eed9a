// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/access.hpp"

#include <algorithm>
#include <charconv>

#include "crypto/hash.hpp"

namespace sotto::rpc {
namespace {

struct HostName {
    std::string name;  ///< lower case, IPv6 without brackets
    std::optional<std::uint16_t> port;
};

std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(
        out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return out;
}

std::optional<HostName> parse_host(std::string_view text) {
    HostName host;
    std::string_view rest;
    if (text.starts_with('[')) {
        const auto close = text.find(']');
        if (close == std::string_view::npos) return std::nullopt;
        host.name = lower(text.substr(1, close - 1));
        rest = text.substr(close + 1);
    } else {
        const auto colon = std::min(text.find(':'), text.size());
        host.name = lower(text.substr(0, colon));
        rest = text.substr(colon);
    }
    if (host.name.empty()) return std::nullopt;
    if (rest.empty()) return host;
    std::uint16_t port = 0;
    const auto digits = rest.substr(1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (!rest.starts_with(':') || error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    host.port = port;
    return host;
}

bool host_allowed(const AccessConfig& config, const Endpoint& endpoint, const HostName& host) {
    const auto is_vhost = [&](const std::string& vhost) { return lower(vhost) == host.name; };
    if (std::ranges::any_of(config.vhosts, is_vhost)) return true;
    // Port 80 is what a client leaves out.
    if (host.port.value_or(80) != endpoint.port) return false;
    if (host.name == endpoint.address) return true;
    return endpoint.loopback && (host.name == "localhost" || host.name == "127.0.0.1" || host.name == "::1");
}

bool origin_allowed(const AccessConfig& config, const Endpoint& endpoint, std::string_view origin) {
    if (std::ranges::find(config.origins, origin) != config.origins.end()) return origin != "null";
    constexpr std::string_view kScheme = "http://";
    if (!origin.starts_with(kScheme)) return false;
    const auto host = parse_host(origin.substr(kScheme.size()));
    return host && host_allowed(config, endpoint, *host);
}

bool token_matches(const AccessConfig& config, std::string_view authorization) {
    constexpr std::string_view kBearer = "Bearer ";
    if (config.token.empty() || lower(authorization.substr(0, kBearer.size())) != lower(kBearer)) return false;
    return crypto::equal_constant_time(view_of(authorization.substr(kBearer.size())), view_of(config.token));
}

bool is_json(std::string_view content_type) {
    const auto kind = lower(content_type.substr(0, content_type.find(';')));
    const auto end = kind.find_last_not_of(' ');
    return kind.substr(0, end == std::string::npos ? 0 : end + 1) == "application/json";
}

/// Browsers leave out the port of the scheme on both.
bool same_origin(std::string_view origin, std::string_view host) {
    const auto scheme_end = origin.find("://");
    return scheme_end != std::string_view::npos && lower(origin.substr(scheme_end + 3)) == lower(host);
}

Verdict refuse(unsigned status, std::string reason) {
    return {.status = status, .reason = std::move(reason)};
}

Verdict grant(Rights rights) {
    return {.rights = rights, .page = true};
}

}  // namespace

Verdict check_access(const AccessConfig& config, const Endpoint& endpoint, const RequestHead& head) {
    const auto host = head.host ? parse_host(*head.host) : std::nullopt;
    if (!host || !host_allowed(config, endpoint, *host)) {
        return refuse(403, "this Host is not served; allow it with --rpc-vhosts");
    }
    if (head.origin && !origin_allowed(config, endpoint, *head.origin)) {
        return refuse(403, "this Origin is not allowed; allow it with --rpc-origins");
    }
    if (head.method == "POST" && !(head.content_type && is_json(*head.content_type))) {
        return refuse(415, "the content type must be application/json");
    }
    if (head.authorization) {
        if (token_matches(config, *head.authorization)) return grant(Rights::admin);
        return refuse(401, "this token is not the one in DATA_DIR/rpc-token");
    }
    if (head.session && head.origin && same_origin(*head.origin, *head.host)) return grant(Rights::session);
    if (endpoint.loopback) return grant(Rights::open);
    auto verdict = refuse(401, "a listener that is not on loopback needs the token in DATA_DIR/rpc-token");
    verdict.page = true;
    return verdict;
}

bool may_use(Rights rights, std::string_view name_space) noexcept {
    switch (rights) {
        case Rights::none:
            return false;
        case Rights::session:
            return name_space == "shh" || name_space == "sotto";
        case Rights::open:
            return name_space != "admin";
        case Rights::admin:
            return true;
    }
    return false;
}

}  // namespace sotto::rpc
