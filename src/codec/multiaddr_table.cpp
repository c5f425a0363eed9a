// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "codec/multiaddr_table.hpp"

#include <algorithm>
#include <array>

namespace sotto::multiaddr {
namespace {

/// `p2p` stands before `ipfs`, its former name: the first one is printed.
constexpr auto kTable = std::to_array<Protocol>({
    {4, "ip4", 4, &kIp4Form},
    {6, "tcp", 2, &kPortForm},
    {33, "dccp", 2, &kPortForm},
    {41, "ip6", 16, &kIp6Form},
    {42, "ip6zone", kVariable, &kNameForm},
    {43, "ipcidr", 1, &kCidrForm},
    {53, "dns", kVariable, &kNameForm},
    {54, "dns4", kVariable, &kNameForm},
    {55, "dns6", kVariable, &kNameForm},
    {56, "dnsaddr", kVariable, &kNameForm},
    {132, "sctp", 2, &kPortForm},
    {273, "udp", 2, &kPortForm},
    {275, "p2p-webrtc-star"},
    {276, "p2p-webrtc-direct"},
    {277, "p2p-stardust"},
    {280, "webrtc-direct"},
    {281, "webrtc"},
    {290, "p2p-circuit"},
    {301, "udt"},
    {302, "utp"},
    {400, "unix", kVariable, &kUnixForm, true},
    {421, "p2p", kVariable, &kPeerForm},
    {421, "ipfs", kVariable, &kPeerForm},
    {443, "https"},
    {444, "onion", 12, &kOnionForm},
    {445, "onion3", 37, &kOnion3Form},
    {446, "garlic64", kVariable, &kGarlic64Form},
    {447, "garlic32", kVariable, &kGarlic32Form},
    {448, "tls"},
    {449, "sni", kVariable, &kNameForm},
    {454, "noise"},
    {460, "quic"},
    {461, "quic-v1"},
    {465, "webtransport"},
    {466, "certhash", kVariable, &kCerthashForm},
    {477, "ws"},
    {478, "wss"},
    {479, "p2p-websocket-star"},
    {480, "http"},
    {481, "http-path", kVariable, &kHttpPathForm},
    {777, "memory", kVariable, &kNameForm},
    {0x300001, "rlpx"},
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
