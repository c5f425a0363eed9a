// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <span>

#include "base/bytes.hpp"

namespace sotto::node {

/// Every bound of the node by its name on the command line (`--limit NAME=VALUE`, `sotto help limits`).
struct Limits {
    static constexpr std::uint64_t kUnlimited = ~std::uint64_t{0};

    std::uint64_t connections_in = 128;
    std::uint64_t connections_out = 64;
    std::uint64_t connections_per_ip = 8;
    std::uint64_t connections_per_24 = 32;
    std::uint64_t accepts_per_second = 100;
    std::uint64_t pending_handshakes = 64;
    std::uint64_t concurrent_dials = 16;
    std::uint64_t handshake_seconds = 10;
    std::uint64_t pool_bytes = 256ull * 1024 * 1024;
    std::uint64_t pool_envelopes = 200'000;
    std::uint64_t outbox_bytes = 1024 * 1024;
    std::uint64_t peer_envelopes_per_second = 10'000;
    std::uint64_t peer_bytes_per_second = 8ull * 1024 * 1024;
    std::uint64_t peer_packets_per_second = kUnlimited;
    std::uint64_t address_envelopes_per_second = 20'000;
    std::uint64_t address_bytes_per_second = 16ull * 1024 * 1024;
    std::uint64_t address_packets_per_second = kUnlimited;
    std::uint64_t followed_messages = 10'000;
    std::uint64_t held_by = 2;
    std::uint64_t streams_per_connection = 256;
    std::uint64_t rpc_connections = 256;
    std::uint64_t rpc_body_bytes = 5 * 1024 * 1024;
    std::uint64_t rpc_batch = 100;
    std::uint64_t rpc_calls_per_second = 20'000;

    /// "NAME=VALUE": VALUE is a positive number or `unlimited`. Unknown names are refused with the nearest valid one.
    Result<void> set(std::string_view assignment);
    friend bool operator==(const Limits&, const Limits&) = default;
};

struct LimitInfo {
    std::string_view name;
    std::string_view unit;
    std::string_view meaning;
    std::uint64_t Limits::* field;
};

std::span<const LimitInfo> limit_table() noexcept;
/// "192", or "unlimited": as set() reads it.
std::string limit_text(std::uint64_t value);

}  // namespace sotto::node
