// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "net/peer.hpp"

#include <charconv>

#include "crypto/secp256k1.hpp"

namespace sotto::net {
namespace {

constexpr std::string_view kScheme = "enode://";
constexpr std::size_t kIdDigits = 128;

std::unexpected<Error> bad(const char* why) {
    return fail(Errc::invalid_argument,
                std::string("not an enode URL: ") + why + "; it looks like enode://<128 hex digits>@IP:PORT");
}

Result<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc() || end != text.data() + text.size()) return bad("the port is no number");
    return port;
}

/// "?discport=N" may follow the port; it concerns discovery alone.
Result<void> check_query(std::string_view query) {
    constexpr std::string_view kDiscport = "?discport=";
    if (query.empty()) return {};
    if (!query.starts_with(kDiscport)) return bad("what follows the port is unknown");
    SOTTO_CHECK(parse_port(query.substr(kDiscport.size())));
    return {};
}

}  // namespace

std::string_view to_string(Network network) noexcept {
    return network == Network::devp2p ? "rlpx" : "libp2p";
}

Network network_of(const Multiaddr& address) noexcept {
    return address.has(AddrCode::rlpx) ? Network::devp2p : Network::libp2p;
}

Result<Multiaddr> parse_enode(std::string_view text) {
    if (!text.starts_with(kScheme)) return bad("it does not begin with enode://");
    text.remove_prefix(kScheme.size());
    const auto at = text.find('@');
    if (at != kIdDigits) return bad("the node id has another length");
    const auto id = from_hex(text.substr(0, kIdDigits));
    if (!id || id->size() != 64) return bad("the node id is not hex");
    const auto point = crypto::secp256k1::parse_point(*id);
    if (!point) return bad("the node id is no point of the curve");

    auto where = text.substr(at + 1);
    const auto question = std::min(where.find('?'), where.size());
    SOTTO_CHECK(check_query(where.substr(question)));
    where = where.substr(0, question);
    const auto colon = where.rfind(':');
    if (colon == std::string_view::npos) return bad("the port is missing");
    auto host = where.substr(0, colon);
    const bool bracketed = host.starts_with('[') && host.ends_with(']');
    if (bracketed) host = host.substr(1, host.size() - 2);
    const auto ip = parse_ip(host);
    if (!ip || (ip->size() == 16) != bracketed) return bad("the host is no IP address");
    SOTTO_TRY(const auto port, parse_port(where.substr(colon + 1)));
    const crypto::PeerId peer(crypto::PublicKey::from_secp256k1(*point));
    return Multiaddr::from_ip(*ip, port).with(AddrCode::rlpx).with(AddrCode::p2p, peer.bytes());
}

Result<std::string> to_enode(const Multiaddr& address) {
    const auto ip = address.ip();
    const auto port = address.tcp_port();
    if (ip.empty() || !port || address.peer_id().empty()) {
        return fail(Errc::invalid_argument, "an enode URL needs an IP, a port and a peer id");
    }
    SOTTO_TRY(const auto peer, crypto::PeerId::decode(address.peer_id()));
    SOTTO_TRY(const auto key, peer.public_key());
    SOTTO_TRY(const auto id, key.node_id());
    const auto host = ip.size() == 16 ? "[" + ip_to_string(ip) + "]" : ip_to_string(ip);
    return std::string(kScheme) + to_hex(id) + "@" + host + ":" + std::to_string(*port);
}

Result<Multiaddr> parse_address(std::string_view text) {
    if (text.starts_with(kScheme)) return parse_enode(text);
    if (text.starts_with('/')) return Multiaddr::parse(text);
    return fail(Errc::invalid_argument,
                "'" + std::string(text.substr(0, 200)) +
                    "' is neither an enode:// URL nor a multiaddr such as /ip4/…/tcp/…/p2p/…");
}

}  // namespace sotto::net
