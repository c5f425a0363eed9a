// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "codec/multiaddr_values.hpp"

#include <algorithm>
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

Result<void> valid(BytesView) {
    return {};
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
    return to_bytes(text);
}
std::string name_to_text(BytesView value) {
    return std::string(text_of(value));
}

/// The text form has the slash of the first part for free and loses a slash at the end, so only such paths are told
/// apart by it.
Result<void> path_valid(BytesView value) {
    const auto path = text_of(value);
    const bool clean = path.find('\0') == std::string_view::npos;
    if (!clean || !path.starts_with('/') || path.ends_with('/')) return bad("not the path of a socket");
    return {};
}
Result<Bytes> unix_to_binary(std::string_view text) {
    return to_bytes("/" + std::string(text));
}
std::string unix_to_text(BytesView value) {
    return std::string(text_of(value.subspan(1)));
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
    return base58 ? multibase::decode_bare(Base::base58btc, text) : peer_from_cid(text);
}
std::string peer_to_text(BytesView value) {
    return multibase::encode_bare(Base::base58btc, value);
}

Result<Bytes> onion_to_binary(std::string_view text, std::size_t host_size) {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) return bad("an onion address needs host:port");
    SOTTO_TRY(auto bytes, multibase::decode_bare(Base::base32, text.substr(0, colon)));
    SOTTO_TRY(const auto port, number(text.substr(colon + 1), 65535));
    if (bytes.size() != host_size) return bad("an onion address of another size");
    bytes.resize(host_size + 2);
    store_be(static_cast<std::uint16_t>(port), BytesSpan(bytes).last(2));
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
    return multibase::decode_bare(Base::base64, standard);
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
    return multibase::decode_bare(Base::base32, text);
}
std::string garlic32_to_text(BytesView value) {
    return multibase::encode_bare(Base::base32, value);
}

Result<void> certhash_valid(BytesView value) {
    SOTTO_CHECK(multihash::decode(value));
    return {};
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
        Byte byte = 0;
        const auto [end, error] = std::from_chars(pair.data(), pair.data() + pair.size(), byte, 16);
        if (error != std::errc() || end != text.data() + i + 3) return bad("a broken percent escape");
        out.push_back(byte);
        i += 2;
    }
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

}  // namespace

const ValueForm kIp4Form{ip4_to_binary, ip_to_string, valid};
const ValueForm kIp6Form{ip6_to_binary, ip_to_string, valid};
const ValueForm kPortForm{port_to_binary, port_to_text, valid};
const ValueForm kCidrForm{cidr_to_binary, cidr_to_text, valid};
const ValueForm kNameForm{name_to_binary, name_to_text, name_valid};
const ValueForm kUnixForm{unix_to_binary, unix_to_text, path_valid};
const ValueForm kPeerForm{peer_to_binary, peer_to_text, peer_valid};
const ValueForm kOnionForm{onion2_to_binary, onion_to_text, onion_valid};
const ValueForm kOnion3Form{onion3_to_binary, onion_to_text, onion_valid};
const ValueForm kGarlic64Form{garlic64_to_binary, garlic64_to_text, garlic64_valid};
const ValueForm kGarlic32Form{garlic32_to_binary, garlic32_to_text, garlic32_valid};
const ValueForm kCerthashForm{multibase::decode, certhash_to_text, certhash_valid};
const ValueForm kHttpPathForm{http_path_to_binary, http_path_to_text, not_empty};

}  // namespace sotto::multiaddr
