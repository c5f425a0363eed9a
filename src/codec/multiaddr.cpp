// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "codec/multiaddr.hpp"

#include <arpa/inet.h>

#include <algorithm>

#include "codec/multiaddr_table.hpp"
#include "codec/varint.hpp"

namespace sotto {
namespace {

constexpr std::size_t kMaxBytes = 1024;
constexpr std::size_t kMaxText = 4096;
constexpr std::size_t kMaxParts = 32;

std::unexpected<Error> bad(std::string what) {
    return fail(Errc::malformed, "multiaddr: " + std::move(what));
}

/// The text up to the next slash, moved past it.
std::string_view take_word(std::string_view& rest) {
    const auto slash = std::min(rest.find('/'), rest.size());
    const auto word = rest.substr(0, slash);
    rest.remove_prefix(std::min(slash + 1, rest.size()));
    return word;
}

Result<Multiaddr::Part> parse_part(std::string_view& rest) {
    const auto name = take_word(rest);
    const auto* protocol = multiaddr::find(name);
    if (!protocol) return bad("no protocol is called '" + std::string(name.substr(0, 64)) + "'");
    Multiaddr::Part part{static_cast<AddrCode>(protocol->code), {}};
    if (protocol->size == 0) return part;
    if (rest.empty()) return bad("/" + std::string(name) + " needs a value");
    const auto text = protocol->path ? std::exchange(rest, {}) : take_word(rest);
    SOTTO_TRY(part.value, protocol->form->to_binary(text));
    SOTTO_CHECK(protocol->form->validate(part.value));
    return part;
}

Result<Multiaddr::Part> decode_part(BytesView& rest) {
    SOTTO_TRY(const auto code, varint::read(rest));
    const auto* protocol = code <= ~std::uint32_t{0} ? multiaddr::find(static_cast<std::uint32_t>(code)) : nullptr;
    if (!protocol) return bad("unknown protocol code " + std::to_string(code));
    Multiaddr::Part part{static_cast<AddrCode>(protocol->code), {}};
    if (protocol->size == 0) return part;
    BytesView value;
    if (protocol->size == multiaddr::kVariable) {
        SOTTO_TRY(value, varint::read_bytes(rest, kMaxBytes));
    } else {
        const auto size = static_cast<std::size_t>(protocol->size);
        if (rest.size() < size) return bad("a value is cut");
        value = rest.first(size);
        rest = rest.subspan(size);
    }
    if (protocol->path && !rest.empty()) return bad("a part behind a path");
    SOTTO_CHECK(protocol->form->validate(value));
    part.value = to_bytes(value);
    return part;
}

}  // namespace

Result<Multiaddr> Multiaddr::parse(std::string_view text) {
    if (text.size() > kMaxText) return bad("too long");
    if (!text.starts_with('/')) return bad("'" + std::string(text.substr(0, 64)) + "' does not begin with a slash");
    auto rest = text.substr(1);
    if (rest.ends_with('/')) rest.remove_suffix(1);
    if (rest.empty()) return bad("empty");
    Multiaddr address;
    while (!rest.empty()) {
        if (address.parts_.size() == kMaxParts) return bad("too many parts");
        SOTTO_TRY(auto part, parse_part(rest));
        address.parts_.push_back(std::move(part));
    }
    if (address.encode().size() > kMaxBytes) return bad("too long");
    return address;
}

Result<Multiaddr> Multiaddr::decode(BytesView binary) {
    if (binary.empty()) return bad("empty");
    if (binary.size() > kMaxBytes) return bad("too long");
    Multiaddr address;
    while (!binary.empty()) {
        if (address.parts_.size() == kMaxParts) return bad("too many parts");
        SOTTO_TRY(auto part, decode_part(binary));
        address.parts_.push_back(std::move(part));
    }
    return address;
}

Multiaddr Multiaddr::from_ip(BytesView ip, std::uint16_t tcp_port) {
    Bytes port(2);
    store_be(tcp_port, port);
    Multiaddr address;
    address.parts_.push_back({ip.size() == 4 ? AddrCode::ip4 : AddrCode::ip6, to_bytes(ip)});
    address.parts_.push_back({AddrCode::tcp, std::move(port)});
    return address;
}

std::string Multiaddr::to_string() const {
    std::string text;
    for (const auto& part : parts_) {
        const auto* protocol = multiaddr::find(static_cast<std::uint32_t>(part.code));
        text.append("/").append(protocol->name);
        if (protocol->size != 0) text.append("/").append(protocol->form->to_text(part.value));
    }
    return text;
}

Bytes Multiaddr::encode() const {
    Bytes out;
    for (const auto& part : parts_) {
        const auto code = static_cast<std::uint32_t>(part.code);
        varint::append(out, code);
        if (multiaddr::find(code)->size == multiaddr::kVariable) varint::append(out, part.value.size());
        append(out, part.value);
    }
    return out;
}

const Multiaddr::Part* Multiaddr::find(AddrCode code) const noexcept {
    const auto it = std::ranges::find(parts_, code, &Part::code);
    return it == parts_.end() ? nullptr : &*it;
}

Multiaddr Multiaddr::with(AddrCode code, Bytes value) const {
    auto longer = *this;
    longer.parts_.push_back({code, std::move(value)});
    return longer;
}

Multiaddr Multiaddr::without_peer() const {
    auto shorter = *this;
    if (!shorter.parts_.empty() && shorter.parts_.back().code == AddrCode::p2p) shorter.parts_.pop_back();
    return shorter;
}

std::optional<std::uint16_t> Multiaddr::tcp_port() const noexcept {
    const auto* part = find(AddrCode::tcp);
    if (!part) return std::nullopt;
    return load_be<std::uint16_t>(part->value);
}

BytesView Multiaddr::ip() const noexcept {
    const bool begins_with_ip =
        !parts_.empty() && (parts_.front().code == AddrCode::ip4 || parts_.front().code == AddrCode::ip6);
    return begins_with_ip ? BytesView(parts_.front().value) : BytesView();
}

BytesView Multiaddr::peer_id() const noexcept {
    const bool ends_with_peer = !parts_.empty() && parts_.back().code == AddrCode::p2p;
    return ends_with_peer ? BytesView(parts_.back().value) : BytesView();
}

std::strong_ordering operator<=>(const Multiaddr& a, const Multiaddr& b) {
    return a.encode() <=> b.encode();
}

Result<Bytes> parse_ip(std::string_view text) {
    const std::string name(text);
    const bool v6 = text.find(':') != std::string_view::npos;
    Bytes out(v6 ? 16 : 4);
    // An embedded zero byte would end the C string early.
    const bool clean = name.find('\0') == std::string::npos;
    if (!clean || ::inet_pton(v6 ? AF_INET6 : AF_INET, name.c_str(), out.data()) != 1) {
        return fail(Errc::malformed, "'" + name.substr(0, 64) + "' is not an IP address");
    }
    return out;
}

std::string ip_to_string(BytesView ip) {
    char text[INET6_ADDRSTRLEN] = {};
    ::inet_ntop(ip.size() == 4 ? AF_INET : AF_INET6, ip.data(), text, sizeof text);
    return text;
}

}  // namespace sotto
