// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <cstddef>
#include <string_view>

namespace sotto::app {

/// The terminal in raw mode and on its alternate screen; as it was before once this is gone, or a signal has ended the
/// process at once. One at a time.
class RawTerminal {
  public:
    struct Size {
        std::size_t rows = 24;
        std::size_t columns = 80;
    };

    RawTerminal();
    ~RawTerminal();
    RawTerminal(const RawTerminal&) = delete;
    RawTerminal& operator=(const RawTerminal&) = delete;
    /// Ctrl-C is SIGINT again, and no longer a key.
    void let_interrupt() const noexcept;
    Size size() const noexcept;
    void write(std::string_view bytes) const noexcept;
};

/// Whether stdin and stdout are a terminal that can do more than print lines.
bool is_full_terminal() noexcept;

}  // namespace sotto::app
