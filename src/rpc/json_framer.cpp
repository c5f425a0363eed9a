// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/json_framer.hpp"

#include <algorithm>

namespace sotto::rpc {
namespace {

bool is_blank(char c) noexcept {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

}  // namespace

void JsonFramer::skip_blanks() {
    while (start_ < buffer_.size() && is_blank(buffer_[start_])) ++start_;
    if (start_ < buffer_.size()) return;
    std::string().swap(buffer_);
    start_ = 0;
}

/// True: the value ends at scanned_.
bool JsonFramer::scan() {
    while (scanned_ < buffer_.size()) {
        const char c = buffer_[scanned_++];
        if (escaped_) {
            escaped_ = false;
        } else if (in_string_) {
            if (c == '\\') escaped_ = true;
            if (c == '"') in_string_ = false;
        } else if (c == '"') {
            in_string_ = true;
        } else if (c == '{' || c == '[') {
            ++depth_;
        } else if (c == '}' || c == ']') {
            if (--depth_ == 0) return true;
        }
    }
    return false;
}

std::string JsonFramer::take() {
    auto value = buffer_.substr(start_, scanned_ - start_);
    start_ = scanned_;
    // Moving the rest forward each time would cost the square of their number.
    if (start_ > buffer_.size() / 2) {
        buffer_.erase(0, start_);
        start_ = 0;
    }
    return value;
}

Result<std::optional<std::string>> JsonFramer::next(std::size_t max_bytes) {
    if (depth_ == 0) {
        skip_blanks();
        if (!within()) return std::nullopt;
        if (buffer_[start_] != '{' && buffer_[start_] != '[') {
            return fail(Errc::malformed, "a request begins with { or [");
        }
        scanned_ = start_;
    }
    const bool whole = scan();
    if (scanned_ - start_ > max_bytes) return fail(Errc::too_large, "the request is too large");
    if (!whole) return std::nullopt;
    return take();
}

}  // namespace sotto::rpc
