// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

namespace sotto {

/// Prints where and why, then aborts. Never returns.
[[noreturn]] void assertion_failed(const char* condition, const char* why, const char* file, int line) noexcept;

}  // namespace sotto

/// States an invariant of ours. Stays on in release builds and never validates input.
#define SOTTO_ASSERT(condition, why) \
    ((condition) ? void(0) : ::sotto::assertion_failed(#condition, why, __FILE__, __LINE__))
