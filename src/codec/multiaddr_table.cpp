// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "codec/multiaddr_table.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "codec/multiaddr.hpp"
#include "codec/multibase.hpp"
#include "codec/multihash.hpp"
#include "codec/varint.hpp"

namespace sotto::multiaddr {
namespace {

using multibase::Base;

std::unexpected<Error> bad(std::string what) {
    return fail(Errc::malformed, "multiaddr: " + std::move(what));
}

Result<std::uint64_t> number(std::string_view text, std::uint64_t max) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value > max) {
        return bad("'" + std::string(text) + "' is not a number up to " + std::to_string(max));
    }
    return value;
}

Result<Bytes> ip_to_binary(std::string_view text, std::size_t size) {
    SOTTO_TRY(auto bytes, parse_ip(text));
    if (bytes.size() != size) return bad("'" + std::string(text) + "' is of the other IP version");
    return bytes;
}
Result<Bytes> ip4_to_binary(std::string_view text) {
    return ip_to_binary(text, 4);
}
Result<Bytes> ip6_to_binary(std::string_view text) {
    return ip_to_binary(text, 16);
}

Result<Bytes> port_to_binary(std::string_view text) {
    SOTTO_TRY(const auto value, number(text, 65535));
    Bytes out(2);
    store_be(static_cast<std::uint16_t>(value), out);
    return out;
}
std::string port_to_text(BytesView value) {
    return std::to_string(load_be<std::uint16_t>(value));
}

Result<Bytes> cidr_to_binary(std::string_view text) {
    SOTTO_TRY(const auto value, number(text, 255));
    return Bytes{static_cast<Byte>(value)};
}
std::string cidr_to_text(BytesView value) {
    return std::to_string(value[0]);
}

Result<void> name_valid(BytesView value) {
    const auto odd = [](Byte b) { return b == '/' || b < 0x21 || b == 0x7f; };
    if (value.empty() || std::ranges::any_of(value, odd))
        return bad("a name is empty or has characters that no name has");
    return {};
}
Result<Bytes> name_to_binary(std::string_view text) {
    SOTTO_CHECK(name_valid(view_of(text)));
    return to_bytes(text);
}
std::string name_to_text(BytesView value) {
    return std::string(text_of(value));
}

Result<void> path_valid(BytesView value) {
    if (value.empty() || std::ranges::find(value, Byte{0}) != value.end())
        return bad("an empty path, or one with a zero byte");
    return {};
}
Result<Bytes> unix_to_binary(std::string_view text) {
    const auto path = "/" + std::string(text);
    return to_bytes(path);
}
std::string unix_to_text(BytesView value) {
    const auto text = text_of(value);
    return std::string(text.starts_with('/') ? text.substr(1) : text);
}

Result<void> peer_valid(BytesView value) {
    SOTTO_TRY(const auto hash, multihash::decode(value));
    const bool identity = hash.code == multihash::kIdentity && !hash.digest.empty() && hash.digest.size() <= 42;
    if (!identity && hash.code != multihash::kSha256) return bad("not the multihash of a peer id");
    return {};
}
/// CIDv1 of codec libp2p-key (0x72) around the multihash.
Result<Bytes> peer_from_cid(std::string_view text) {
    SOTTO_TRY(const auto cid, multibase::decode(text));
    BytesView rest(cid);
    SOTTO_TRY(const auto version, varint::read(rest));
    SOTTO_TRY(const auto codec, varint::read(rest));
    if (version != 1 || codec != 0x72) return bad("a CID that is no peer id");
    return to_bytes(rest);
}
Result<Bytes> peer_to_binary(std::string_view text) {
    const bool base58 = text.starts_with('1') || text.starts_with("Qm");
    SOTTO_TRY(auto bytes, base58 ? multibase::decode_bare(Base::base58btc, text) : peer_from_cid(text));
    SOTTO_CHECK(peer_valid(bytes));
    return bytes;
}
std::string peer_to_text(BytesView value) {
    return multibase::encode_bare(Base::base58btc, value);
}

Result<Bytes> onion_to_binary(std::string_view text, std::size_t host_size) {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) return bad("an onion address needs host:port");
    SOTTO_TRY(auto bytes, multibase::decode_bare(Base::base32, text.substr(0, colon)));
    SOTTO_TRY(const auto port, number(text.substr(colon + 1), 65535));
    if (bytes.size() != host_size || port == 0) return bad("an onion address of another size, or port 0");
    bytes.push_back(static_cast<Byte>(port >> 8));
    bytes.push_back(static_cast<Byte>(port));
    return bytes;
}
Result<Bytes> onion2_to_binary(std::string_view text) {
    return onion_to_binary(text, 10);
}
Result<Bytes> onion3_to_binary(std::string_view text) {
    return onion_to_binary(text, 35);
}
std::string onion_to_text(BytesView value) {
    const auto host = value.first(value.size() - 2);
    return multibase::encode_bare(Base::base32, host) + ":" + port_to_text(value.last(2));
}
Result<void> onion_valid(BytesView value) {
    if (load_be<std::uint16_t>(value.last(2)) == 0) return bad("an onion address with port 0");
    return {};
}

/// I2P's base64 has - and ~ for + and /.
Result<void> garlic64_valid(BytesView value) {
    if (value.size() < 386) return bad("an I2P destination is too short");
    return {};
}
Result<Bytes> garlic64_to_binary(std::string_view text) {
    std::string standard(text);
    std::ranges::replace(standard, '-', '+');
    std::ranges::replace(standard, '~', '/');
    while (standard.ends_with('=')) standard.pop_back();
    SOTTO_TRY(auto bytes, multibase::decode_bare(Base::base64, standard));
    SOTTO_CHECK(garlic64_valid(bytes));
    return bytes;
}
std::string garlic64_to_text(BytesView value) {
    auto text = multibase::encode_bare(Base::base64, value);
    while (text.size() % 4 != 0) text.push_back('=');
    std::ranges::replace(text, '+', '-');
    std::ranges::replace(text, '/', '~');
    return text;
}
Result<void> garlic32_valid(BytesView value) {
    if (value.size() < 35 && value.size() != 32) return bad("an I2P address of another size");
    return {};
}
Result<Bytes> garlic32_to_binary(std::string_view text) {
    SOTTO_TRY(auto bytes, multibase::decode_bare(Base::base32, text));
    SOTTO_CHECK(garlic32_valid(bytes));
    return bytes;
}
std::string garlic32_to_text(BytesView value) {
    return multibase::encode_bare(Base::base32, value);
}

Result<void> certhash_valid(BytesView value) {
    SOTTO_CHECK(multihash::decode(value));
    return {};
}
Result<Bytes> certhash_to_binary(std::string_view text) {
    SOTTO_TRY(auto bytes, multibase::decode(text));
    SOTTO_CHECK(certhash_valid(bytes));
    return bytes;
}
std::string certhash_to_text(BytesView value) {
    return multibase::encode(Base::base64url, value);
}

/// http-path is percent-escaped in text (RFC 3986: all but unreserved characters) and plain in binary.
Result<Bytes> http_path_to_binary(std::string_view text) {
    Bytes out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out.push_back(static_cast<Byte>(text[i]));
            continue;
        }
        const auto pair = text.substr(i + 1, 2);
        const auto byte = pair.size() == 2 ? from_hex(pair) : fail(Errc::malformed);
        if (!byte) return bad("a broken percent escape");
        out.push_back((*byte)[0]);
        i += 2;
    }
    if (out.empty()) return bad("an empty http-path");
    return out;
}
Result<void> not_empty(BytesView value) {
    if (value.empty()) return bad("an empty value");
    return {};
}
std::string http_path_to_text(BytesView value) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    constexpr std::string_view kUnreserved = "-._~";
    std::string out;
    for (const Byte b : value) {
        const char c = static_cast<char>(b);
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           kUnreserved.find(c) != std::string_view::npos;
        if (plain) {
            out.push_back(c);
        } else {
            out.append({'%', kHex[b >> 4], kHex[b & 15]});
        }
    }
    return out;
}

constexpr Protocol bare(std::uint32_t code, std::string_view name) {
    return {.code = code, .name = name};
}
constexpr Protocol fixed(std::uint32_t code, std::string_view name, int size, ToBinary to_binary, ToText to_text) {
    return {.code = code, .name = name, .size = size, .to_binary = to_binary, .to_text = to_text};
}
constexpr Protocol variable(
    std::uint32_t code, std::string_view name, ToBinary to_binary, ToText to_text, Validate validate) {
    return {.code = code,
            .name = name,
            .size = kVariable,
            .to_binary = to_binary,
            .to_text = to_text,
            .validate = validate};
}
constexpr Protocol name(std::uint32_t code, std::string_view text) {
    return variable(code, text, name_to_binary, name_to_text, name_valid);
}

std::string ip_text(BytesView value) {
    return ip_to_string(value);
}

/// The first of two names for one code is the one that is printed.
constexpr auto kTable = std::to_array<Protocol>({
    fixed(4, "ip4", 4, ip4_to_binary, ip_text),
    fixed(6, "tcp", 2, port_to_binary, port_to_text),
    fixed(33, "dccp", 2, port_to_binary, port_to_text),
    fixed(41, "ip6", 16, ip6_to_binary, ip_text),
    name(42, "ip6zone"),
    fixed(43, "ipcidr", 1, cidr_to_binary, cidr_to_text),
    name(53, "dns"),
    name(54, "dns4"),
    name(55, "dns6"),
    name(56, "dnsaddr"),
    fixed(132, "sctp", 2, port_to_binary, port_to_text),
    fixed(273, "udp", 2, port_to_binary, port_to_text),
    bare(275, "p2p-webrtc-star"),
    bare(276, "p2p-webrtc-direct"),
    bare(277, "p2p-stardust"),
    bare(280, "webrtc-direct"),
    bare(281, "webrtc"),
    bare(290, "p2p-circuit"),
    bare(301, "udt"),
    bare(302, "utp"),
    {.code = 400,
     .name = "unix",
     .size = kVariable,
     .path = true,
     .to_binary = unix_to_binary,
     .to_text = unix_to_text,
     .validate = path_valid},
    variable(421, "p2p", peer_to_binary, peer_to_text, peer_valid),
    variable(421, "ipfs", peer_to_binary, peer_to_text, peer_valid),
    bare(443, "https"),
    {.code = 444,
     .name = "onion",
     .size = 12,
     .to_binary = onion2_to_binary,
     .to_text = onion_to_text,
     .validate = onion_valid},
    {.code = 445,
     .name = "onion3",
     .size = 37,
     .to_binary = onion3_to_binary,
     .to_text = onion_to_text,
     .validate = onion_valid},
    variable(446, "garlic64", garlic64_to_binary, garlic64_to_text, garlic64_valid),
    variable(447, "garlic32", garlic32_to_binary, garlic32_to_text, garlic32_valid),
    bare(448, "tls"),
    name(449, "sni"),
    bare(454, "noise"),
    bare(460, "quic"),
    bare(461, "quic-v1"),
    bare(465, "webtransport"),
    variable(466, "certhash", certhash_to_binary, certhash_to_text, certhash_valid),
    bare(477, "ws"),
    bare(478, "wss"),
    bare(479, "p2p-websocket-star"),
    bare(480, "http"),
    variable(481, "http-path", http_path_to_binary, http_path_to_text, not_empty),
    name(777, "memory"),
    bare(0x300001, "rlpx"),
});

}  // namespace

const Protocol* find(std::uint32_t code) noexcept {
    const auto it = std::ranges::find(kTable, code, &Protocol::code);
    return it == kTable.end() ? nullptr : &*it;
}

const Protocol* find(std::string_view name) noexcept {
    const auto it = std::ranges::find(kTable, name, &Protocol::name);
    return it == kTable.end() ? nullptr : &*it;
}

std::span<const Protocol> table() noexcept {
    return kTable;
}

}  // namespace sotto::multiaddr
