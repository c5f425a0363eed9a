// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <string_view>

#include "base/env.hpp"
#include "net/stream.hpp"

/// libp2p/specs perf/perf.md: the client writes how many bytes it wants back (u64, big-endian), uploads, and ends its
/// side; the server then sends that many bytes and ends its own.
namespace sotto::libp2p {

inline constexpr std::string_view kPerfId = "/perf/1.0.0";

struct PerfResult {
    Duration upload;    ///< until the server's first byte, or its end
    Duration download;  ///< from there to its end
};

Task<Result<void>> serve_perf(net::Stream& stream);
/// Sizes in bytes. A server that sends another amount is misbehaved.
Task<Result<PerfResult>> run_perf(Env env, net::Stream& stream, std::uint64_t upload, std::uint64_t download);

}  // namespace sotto::libp2p
