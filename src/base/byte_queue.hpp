// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <algorithm>

#include "base/bytes.hpp"

namespace sotto {

/// Bytes that wait to be read, first in, first out. Holds no memory when empty. Its owner bounds it.
class ByteQueue {
  public:
    std::size_t size() const noexcept { return bytes_.size() - head_; }
    bool empty() const noexcept { return size() == 0; }
    BytesView view() const noexcept { return BytesView(bytes_).subspan(head_); }

    void append(BytesView more) {
        // Move the rest to the front when that frees half: appending stays linear.
        if (head_ > 0 && head_ >= size()) {
            bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(head_));
            head_ = 0;
        }
        sotto::append(bytes_, more);
    }
    /// Copies out at most into.size() bytes.
    std::size_t read(BytesSpan into) noexcept {
        const auto count = std::min(into.size(), size());
        if (count > 0) std::memcpy(into.data(), bytes_.data() + head_, count);
        consume(count);
        return count;
    }
    /// Drops `count` bytes, which must be there.
    void consume(std::size_t count) noexcept {
        head_ += count;
        if (head_ == bytes_.size()) clear();
    }
    void clear() noexcept {
        Bytes().swap(bytes_);
        head_ = 0;
    }

  private:
    Bytes bytes_;
    std::size_t head_ = 0;
};

}  // namespace sotto
