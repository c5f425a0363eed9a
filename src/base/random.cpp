// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "base/random.hpp"

#include <sys/random.h>

#include <cerrno>

#include "base/assert.hpp"

namespace sotto {
namespace {

class SystemRandom final : public RandomSource {
  public:
    void fill(BytesSpan out) noexcept override {
        while (!out.empty()) {
            const auto got = ::getrandom(out.data(), out.size(), 0);
            if (got < 0 && errno == EINTR) continue;
            SOTTO_ASSERT(got > 0, "the system has no randomness");
            out = out.subspan(static_cast<std::size_t>(got));
        }
    }
};

}  // namespace

Bytes RandomSource::bytes(std::size_t size) {
    Bytes out(size);
    fill(out);
    return out;
}

std::uint64_t RandomSource::next_u64() noexcept {
    return load_be<std::uint64_t>(array<8>());
}

std::uint64_t RandomSource::below(std::uint64_t bound) noexcept {
    if (bound == 0) return 0;
    // Values below the remainder of 2^64 by the bound would favour small results: draw again.
    const std::uint64_t skip = (0 - bound) % bound;
    for (;;) {
        const std::uint64_t value = next_u64();
        if (value >= skip) return value % bound;
    }
}

std::unique_ptr<RandomSource> make_system_random() {
    return std::make_unique<SystemRandom>();
}

}  // namespace sotto
