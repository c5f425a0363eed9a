// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "node/gate.hpp"

#include <algorithm>
#include <charconv>

namespace sotto::node {
namespace {

constexpr ByteArray<12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

BytesView unmapped(BytesView ip) noexcept {
    return ip.size() == 16 && equal(ip.first(12), kMappedPrefix) ? ip.subspan(12) : ip;
}

void drop_one(std::map<Bytes, std::uint64_t>& counts, const Bytes& key) noexcept {
    const auto it = counts.find(key);
    if (it != counts.end() && --it->second == 0) counts.erase(it);
}

}  // namespace

Result<Cidr> Cidr::parse(std::string_view text) {
    const auto slash = text.find('/');
    Cidr range;
    SOTTO_TRY(range.address, parse_ip(text.substr(0, slash)));
    range.bits = static_cast<unsigned>(range.address.size() * 8);
    if (slash == std::string_view::npos) return range;
    const auto digits = text.substr(slash + 1);
    unsigned bits = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (error != std::errc() || end != digits.data() + digits.size() || bits > range.bits) {
        return fail(Errc::invalid_argument, "'" + std::string(text) + "' is no address range such as 10.0.0.0/8");
    }
    range.bits = bits;
    return range;
}

bool Cidr::contains(BytesView ip) const noexcept {
    if (ip.size() != address.size()) return false;
    const auto whole = bits / 8;
    if (!equal(ip.first(whole), BytesView(address).first(whole))) return false;
    const auto rest = bits % 8;
    return rest == 0 || (ip[whole] ^ address[whole]) >> (8 - rest) == 0;
}

Gate::Gate(const Limits& limits, std::vector<Cidr> exempt) : limits_(limits), exempt_(std::move(exempt)) {}

bool Gate::exempt(BytesView ip) const noexcept {
    return std::ranges::any_of(exempt_, [&](const Cidr& range) { return range.contains(ip); });
}

Gate::Keys Gate::keys_of(BytesView ip) const {
    if (ip.size() == 4) return {to_bytes(ip), to_bytes(ip.first(3))};
    return {to_bytes(ip.first(7)), to_bytes(ip.first(6))};
}

Result<void> Gate::enter(const Multiaddr& remote, TimePoint now) {
    const auto ip = unmapped(remote.ip());
    if (ip.empty() || exempt(ip)) return {};
    if (now - second_ >= std::chrono::seconds(1)) {
        second_ = now;
        accepted_this_second_ = 0;
    }
    if (accepted_this_second_ >= limits_.accepts_per_second) return fail(Errc::busy, "accepts-per-second");
    const auto keys = keys_of(ip);
    const auto count = [](const auto& counts, const Bytes& key) {
        const auto it = counts.find(key);
        return it == counts.end() ? 0 : it->second;
    };
    if (count(hosts_, keys.host) >= limits_.connections_per_ip) return fail(Errc::busy, "connections-per-ip");
    if (count(subnets_, keys.subnet) >= limits_.connections_per_24) return fail(Errc::busy, "connections-per-24");
    ++accepted_this_second_;
    ++hosts_[keys.host];
    ++subnets_[keys.subnet];
    return {};
}

void Gate::leave(const Multiaddr& remote) noexcept {
    const auto ip = unmapped(remote.ip());
    if (ip.empty() || exempt(ip)) return;
    const auto keys = keys_of(ip);
    drop_one(hosts_, keys.host);
    drop_one(subnets_, keys.subnet);
}

std::string Gate::host_key(const Multiaddr& remote) const {
    const auto ip = unmapped(remote.ip());
    if (ip.empty()) return remote.to_string();
    return exempt(ip) ? std::string() : to_hex(keys_of(ip).host);
}

}  // namespace sotto::node
