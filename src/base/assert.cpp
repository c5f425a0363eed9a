// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "base/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace sotto {

void assertion_failed(const char* condition, const char* why, const char* file, int line) noexcept {
    std::fprintf(stderr, "sotto: bug: %s (%s) at %s:%d\n", why, condition, file, line);
    std::abort();
}

}  // namespace sotto
