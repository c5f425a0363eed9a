// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <string_view>

#include "base/result.hpp"

namespace sotto::rpc {

/// What this process uses of the machine.
struct ProcessStats {
    double cpu_seconds = 0;  ///< of all threads, user and system
    std::uint64_t resident_bytes = 0;
    std::uint64_t virtual_bytes = 0;
    std::uint64_t threads = 0;
    std::uint64_t open_fds = 0;
    std::uint64_t max_fds = 0;  ///< the soft limit
};

/// Memory and threads from the text of /proc/PID/stat (proc(5)). Errc::malformed.
Result<ProcessStats> parse_proc_stat(std::string_view text, std::uint64_t page_bytes);
/// Of this process. Errc::io where there is no /proc.
Result<ProcessStats> read_process_stats();

}  // namespace sotto::rpc
