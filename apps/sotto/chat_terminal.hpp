// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

namespace sotto::app {

/// The terminal in raw mode and on its alternate screen; as it was before once this is gone.
class RawTerminal {
  public:
    struct Size {
        std::size_t rows = 24;
        std::size_t columns = 80;
    };

    RawTerminal();
    ~RawTerminal();
    Size size() const noexcept;
    void write(std::string_view bytes) const noexcept;

  private:
    struct Before;
    std::unique_ptr<Before> before_;
};

/// Whether stdin and stdout are a terminal that can do more than print lines.
bool is_full_terminal() noexcept;

}  // namespace sotto::app
