// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/process_stats.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

namespace sotto::rpc {
namespace {

constexpr std::string_view kStat =
    "4711 (so) (tto) S 1 2 3 0 -1 4194560 900 0 1 0 150 50 0 0 20 0 3 0 88000 123456789 2500 18446744073709551615 1 "
    "1\n";

TEST(ProcessStats, ReadsTheFieldsBehindTheName) {
    const auto stats = parse_proc_stat(kStat, 4096).value();
    EXPECT_EQ(stats.threads, 3u);
    EXPECT_EQ(stats.virtual_bytes, 123456789u);
    EXPECT_EQ(stats.resident_bytes, 2500u * 4096);
}

TEST(ProcessStats, RefusesWhatIsNoStat) {
    const std::string whole(kStat);
    auto no_number = whole;
    no_number.replace(no_number.find("2500"), 4, "250x");
    for (const auto& text : {std::string(), std::string("1 sotto S 1"), whole.substr(0, 70), no_number}) {
        EXPECT_EQ(parse_proc_stat(text, 4096).error().code(), Errc::malformed) << text;
    }
}

TEST(ProcessStats, SeesThisProcess) {
    const auto before = read_process_stats().value();
    EXPECT_GT(before.resident_bytes, 1'000'000u);
    EXPECT_GE(before.virtual_bytes, before.resident_bytes);
    EXPECT_GE(before.threads, 1u);
    EXPECT_GT(before.cpu_seconds, 0);
    EXPECT_GE(before.max_fds, before.open_fds);
    const int copies[] = {::dup(0), ::dup(0), ::dup(0)};
    EXPECT_EQ(read_process_stats().value().open_fds, before.open_fds + 3);
    for (const int copy : copies) ::close(copy);
    EXPECT_EQ(read_process_stats().value().open_fds, before.open_fds);
}

}  // namespace
}  // namespace sotto::rpc
