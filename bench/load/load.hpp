// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/env.hpp"
#include "net/message_stream.hpp"

/// Load for any node of either network, and what a measurement of it needs: one role a process. Each role writes one
/// line of JSON when it is done; what it speaks is ours (net, devp2p, libp2p, transport), whatever node is measured.
namespace sotto::load {

struct Options {
    std::string address;           ///< enode:// URL or multiaddr of the node
    std::string protocol = "shh";  ///< the capability on devp2p: "shh" or "bench"
    std::string file;              ///< sealed envelopes, one RLP item after another
    std::string key;               ///< symmetric key, 64 hex digits
    std::size_t count = 1000;
    std::size_t parallel = 8;  ///< at a time
    std::size_t receivers = 1;
    std::size_t size = 256;  ///< bytes of a payload
    double rate = 0;         ///< envelopes a second; 0: as fast as they are taken
    double seconds = 1;
    std::uint64_t up = 0;    ///< bytes
    std::uint64_t down = 0;  ///< bytes
    std::uint32_t ttl = 3600;
    double pow = 0;
};

using Role = Task<Result<void>> (*)(Env, Options);

Task<Result<void>> handshakes(Env env, Options options);  ///< connect, one ping, goodbye: a fresh identity each time
Task<Result<void>> idle(Env env, Options options);        ///< opens connections and keeps them until stdin ends
Task<Result<void>> pings(Env env, Options options);       ///< round trips on one connection
Task<Result<void>> perf(Env env, Options options);        ///< /perf/1.0.0 on one connection
Task<Result<void>> sink(Env env, Options options);        ///< a devp2p node with the protocol of gethbench
Task<Result<void>> source(Env env, Options options);      ///< its client: `count` messages of `size`
Task<Result<void>> seal(Env env, Options options);        ///< writes `count` envelopes with a payload of `size`
Task<Result<void>> relay(Env env, Options options);       ///< envelopes of `file` through the node, from us to us
Task<Result<void>> feed(Env env, Options options);        ///< the same, to the node alone
Task<Result<void>> nonces(Env env, Options options);      ///< hashes of proof of work on one thread

using Fields = std::vector<std::pair<std::string_view, double>>;
/// One line of JSON on stdout.
void report(const Fields& fields);

/// Until stdin ends: the program that started this one has ended, or wants us to.
Task<void> wait_for_end_of_input(Env env);

double to_seconds(Duration duration) noexcept;
/// The value below which a part `p` (0 to 1) of them lie; 0 without values. Sorts them.
double percentile(std::vector<double>& values, double p);

/// What gethbench speaks: 0 data, 1 a mark (an empty list), 2 its answer [messages, bytes] of data read so far.
inline constexpr net::ProtocolSpec kBench{"bench", 1, 3, 1024 * 1024, "/bench/1.0.0"};
/// Whisper. A message above 1 MiB ends the link, as it does between two nodes of geth.
inline constexpr net::ProtocolSpec kShh{"shh", 6, 128, 1024 * 1024, "/shh/6.0"};

/// Ours by its name.
Result<const net::ProtocolSpec*> find_spec(std::string_view name);

}  // namespace sotto::load
