// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "base/assert.hpp"
#include "net/stream.hpp"

namespace sotto::sim {

/// Happens once, at the n-th operation (from 0) of all the streams that it is put on; outlives them. By default that
/// operation fails and its stream with it. Another action may do anything, such as arm a timer that cancels a group,
/// and return an error for the stream or nothing.
class Fault {
  public:
    using Action = std::function<std::optional<Error>()>;

    explicit Fault(std::size_t at) : Fault(at, [] { return std::optional(Error(Errc::io, "injected")); }) {}
    Fault(std::size_t at, Action action) : left_(at), action_(std::move(action)) {}
    Fault(const Fault&) = delete;
    Fault& operator=(const Fault&) = delete;

    std::unique_ptr<net::Stream> on(std::unique_ptr<net::Stream> below);
    bool happened() const noexcept { return happened_; }

    /// For the streams: an operation begins.
    std::optional<Error> count();

  private:
    std::size_t left_;
    Action action_;
    bool happened_ = false;
};

/// Calls `scenario(n)` for n = 0, 1, 2 … until it returns false: its fault did not happen, so it ran untouched. Returns
/// that n. Whatever n was, the scenario must end.
template <class Scenario>
std::size_t sweep(Scenario scenario) {
    constexpr std::size_t kMost = 100'000;
    for (std::size_t n = 0; n < kMost; ++n) {
        if (!scenario(n)) return n;
    }
    assertion_failed("n < kMost", "the scenario never runs untouched", __FILE__, __LINE__);
}

}  // namespace sotto::sim
