// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/process_stats.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

namespace sotto::rpc {
namespace {

// Places of proc(5), counted from the state, the first field behind the program's name.
constexpr std::size_t kThreads = 17;
constexpr std::size_t kVirtualBytes = 20;
constexpr std::size_t kResidentPages = 21;
constexpr std::size_t kFields = 22;

std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> words;
    for (std::size_t at = 0; (at = text.find_first_not_of(" \n", at)) != std::string_view::npos;) {
        const auto end = std::min(text.find_first_of(" \n", at), text.size());
        words.push_back(text.substr(at, end - at));
        at = end;
    }
    return words;
}

/// To the microsecond, where /proc would say it in hundredths of a second.
double cpu_seconds() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::uint64_t count_descriptors(std::uint64_t most) {
    std::uint64_t count = 0;
    std::error_code code;
    const std::filesystem::directory_iterator end;
    for (std::filesystem::directory_iterator each("/proc/self/fd", code); !code && each != end; each.increment(code)) {
        ++count;
    }
    // None was left to look with; and one of those that are seen is what looks.
    return count == 0 ? most : count - 1;
}

}  // namespace

Result<ProcessStats> parse_proc_stat(std::string_view text, std::uint64_t page_bytes) {
    // The name may hold spaces and brackets itself.
    const auto name_end = text.rfind(')');
    if (name_end == std::string_view::npos) return fail(Errc::malformed, "no program name in /proc/self/stat");
    const auto words = words_of(text.substr(name_end + 1));
    if (words.size() < kFields) return fail(Errc::malformed, "/proc/self/stat is too short");
    bool valid = true;
    const auto number = [&](std::size_t place) {
        std::uint64_t value = 0;
        const auto word = words[place];
        const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
        valid = valid && error == std::errc() && end == word.data() + word.size();
        return value;
    };
    ProcessStats stats;
    stats.threads = number(kThreads);
    stats.virtual_bytes = number(kVirtualBytes);
    stats.resident_bytes = number(kResidentPages) * page_bytes;
    if (!valid) return fail(Errc::malformed, "a field of /proc/self/stat is no number");
    return stats;
}

Result<ProcessStats> read_process_stats() {
    std::ifstream file("/proc/self/stat");
    const std::string text(std::istreambuf_iterator<char>(file), {});
    if (text.empty()) return fail(Errc::io, "/proc/self/stat cannot be read");
    SOTTO_TRY(auto stats, parse_proc_stat(text, static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE))));
    stats.cpu_seconds = cpu_seconds();
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) stats.max_fds = limit.rlim_cur;
    stats.open_fds = count_descriptors(stats.max_fds);
    return stats;
}

}  // namespace sotto::rpc
