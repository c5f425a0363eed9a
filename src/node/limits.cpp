// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "node/limits.hpp"

#include <charconv>

#include "node/nearest.hpp"

namespace sotto::node {
namespace {

constexpr LimitInfo kTable[] = {
    {"connections-in", "connections", "inbound connections of both networks", &Limits::connections_in},
    {"connections-out", "connections", "connections that this node dialled", &Limits::connections_out},
    {"connections-per-ip", "connections", "inbound, from one IPv4 address or IPv6 /56", &Limits::connections_per_ip},
    {"connections-per-24", "connections", "inbound, from one IPv4 /24 or IPv6 /48", &Limits::connections_per_24},
    {"accepts-per-second", "connections", "accepted before any handshake", &Limits::accepts_per_second},
    {"pending-handshakes", "connections", "inbound and not authenticated yet", &Limits::pending_handshakes},
    {"concurrent-dials", "dials", "under way at once", &Limits::concurrent_dials},
    {"handshake-seconds", "seconds", "for a whole handshake, dialled or accepted", &Limits::handshake_seconds},
    {"pool-bytes", "bytes", "envelopes kept until they expire", &Limits::pool_bytes},
    {"pool-envelopes", "envelopes", "kept until they expire", &Limits::pool_envelopes},
    {"outbox-bytes", "bytes", "waiting to be sent to one peer; a change is for new connections", &Limits::outbox_bytes},
    {"peer-envelopes-per-second",
     "envelopes",
     "taken from one peer; more has to wait",
     &Limits::peer_envelopes_per_second},
    {"peer-bytes-per-second", "bytes", "of Whisper packets, from one peer", &Limits::peer_bytes_per_second},
    {"peer-packets-per-second",
     "packets",
     "of Whisper, from one peer; announced to it",
     &Limits::peer_packets_per_second},
    {"address-envelopes-per-second", "envelopes", "from all peers of one IP", &Limits::address_envelopes_per_second},
    {"address-bytes-per-second", "bytes", "of Whisper packets, from one IP", &Limits::address_bytes_per_second},
    {"address-packets-per-second",
     "packets",
     "of Whisper, from one IP; announced",
     &Limits::address_packets_per_second},
    {"followed-messages", "messages", "posted here, whose delivery is followed", &Limits::followed_messages},
    {"held-by", "peers", "at most 32, that confirm a message before it counts as held", &Limits::held_by},
    {"streams-per-connection",
     "streams",
     "opened by one libp2p peer; a change is for new connections",
     &Limits::streams_per_connection},
    {"rpc-connections", "connections", "open on the RPC port, and as many over IPC", &Limits::rpc_connections},
    {"rpc-body-bytes", "bytes", "one RPC request", &Limits::rpc_body_bytes},
    {"rpc-batch", "calls", "in one RPC batch", &Limits::rpc_batch},
    {"rpc-calls-per-second", "calls", "of one address, or over IPC one process", &Limits::rpc_calls_per_second},
};

Result<std::uint64_t> parse_value(std::string_view text) {
    if (text == "unlimited") return Limits::kUnlimited;
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) {
        return fail(Errc::invalid_argument, "the value of a limit is a number or the word unlimited");
    }
    if (value == 0) return fail(Errc::invalid_argument, "a limit of 0 would refuse everything; give a number above 0");
    return value;
}

}  // namespace

std::span<const LimitInfo> limit_table() noexcept {
    return kTable;
}

std::string limit_text(std::uint64_t value) {
    return value == Limits::kUnlimited ? "unlimited" : std::to_string(value);
}

Result<void> Limits::set(std::string_view assignment) {
    const auto equals = assignment.find('=');
    if (equals == std::string_view::npos) return fail(Errc::invalid_argument, "a limit is written NAME=VALUE");
    const auto name = assignment.substr(0, equals);
    for (const auto& info : kTable) {
        if (info.name != name) continue;
        SOTTO_TRY(this->*info.field, parse_value(assignment.substr(equals + 1)));
        return {};
    }
    std::vector<std::string_view> names;
    for (const auto& info : kTable) names.push_back(info.name);
    return fail(Errc::invalid_argument,
                "no limit is called '" + std::string(name) + "'; did you mean '" + std::string(nearest(name, names)) +
                    "'? See: sotto help limits");
}

}  // namespace sotto::node
