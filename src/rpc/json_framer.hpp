// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace sotto::rpc {

/// Cuts a stream of JSON objects and arrays, written back to back or with blanks between them, into single ones: how
/// geth's IPC separates its messages. Only brackets and strings are looked at; whether the inside is JSON is for the
/// parser to say. Pure.
class JsonFramer {
  public:
    void push(std::string_view bytes) { buffer_.append(bytes); }
    /// The next whole value, at most `max_bytes` long; nothing: it is not all there yet. Errors, from which there is no
    /// way on: malformed, where a value begins with neither bracket; too_large.
    Result<std::optional<std::string>> next(std::size_t max_bytes);
    /// Whether a value has begun and not ended.
    bool within() const noexcept { return start_ < buffer_.size(); }
    std::size_t buffered() const noexcept { return buffer_.size() - start_; }

  private:
    void skip_blanks();
    bool scan();
    std::string take();

    std::string buffer_;
    std::size_t start_ = 0;    ///< of the value in buffer_
    std::size_t scanned_ = 0;  ///< up to here
    std::size_t depth_ = 0;
    bool in_string_ = false;
    bool escaped_ = false;
};

}  // namespace sotto::rpc
