// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "base/fuzz.hpp"
#include "codec/multiaddr.hpp"

using namespace sotto;

namespace {

/// Both forms of a valid address lead back to it, and its questions have answers.
void check(const Multiaddr& address) {
    SOTTO_FUZZ_CHECK(!address.empty() && address.parts().size() <= 32);
    const auto binary = address.encode();
    SOTTO_FUZZ_CHECK(binary.size() <= 1024);
    const auto decoded = Multiaddr::decode(binary);
    SOTTO_FUZZ_CHECK(decoded && *decoded == address);
    const auto parsed = Multiaddr::parse(address.to_string());
    SOTTO_FUZZ_CHECK(parsed && *parsed == address && (*parsed <=> address) == 0);
    SOTTO_FUZZ_CHECK(address.ip().empty() || address.ip().size() == 4 || address.ip().size() == 16);
    SOTTO_FUZZ_CHECK(address.tcp_port().has_value() == address.has(AddrCode::tcp));
    const auto peer = to_bytes(address.peer_id());
    SOTTO_FUZZ_CHECK(peer.empty() || address.without_peer().with(AddrCode::p2p, peer) == address);
}

}  // namespace

SOTTO_FUZZ(multiaddr_binary) {
    const auto address = Multiaddr::decode(input);
    if (!address) return;
    SOTTO_FUZZ_CHECK(equal(address->encode(), input));
    check(*address);
}

SOTTO_FUZZ(multiaddr_text) {
    const auto address = Multiaddr::parse(text_of(input));
    if (address) check(*address);
}
