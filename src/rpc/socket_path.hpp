// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <filesystem>
#include <string>

#include "base/result.hpp"

namespace sotto::rpc {

/// A name for a Unix socket that fits the kernel's 107 bytes: the path itself, or one through a descriptor of its
/// folder, which it holds as long as it lives.
class SocketPath {
  public:
    /// Errors: io, where the folder cannot be opened; invalid_argument, where the last part alone is too long.
    static Result<SocketPath> make(const std::filesystem::path& path);
    SocketPath(SocketPath&& other) noexcept;
    SocketPath& operator=(SocketPath&&) = delete;
    ~SocketPath();
    const std::string& text() const noexcept { return text_; }

  private:
    SocketPath(std::string text, int folder) : text_(std::move(text)), folder_(folder) {}

    std::string text_;
    int folder_ = -1;
};

}  // namespace sotto::rpc
