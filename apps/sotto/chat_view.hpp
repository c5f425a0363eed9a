// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <memory>
#include <set>
#include <string>

#include "messenger/session.hpp"

namespace sotto::app {

/// "14:03:59", local time.
std::string clock_time(std::uint64_t milliseconds);
/// "07-29 14:03", local time.
std::string date_and_time(std::uint64_t milliseconds);

/// For scripts: what is said in the conversations of these ids on stdout, all else on stderr.
std::unique_ptr<messenger::View> make_plain_view(std::set<std::string> ids);

}  // namespace sotto::app
