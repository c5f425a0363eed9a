// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <memory>

#include "base/bytes.hpp"

namespace sotto::crypto {

/// A passphrase or a derived key. Lives in locked memory between guard pages where the system allows it, stays out of
/// core files, and is wiped when it goes. Moves only, and has no stream operator: neither a copy nor a log takes it by
/// accident.
class SecretBytes {
  public:
    SecretBytes() = default;
    /// `size` bytes of unspecified content, to be filled. A process without memory for them ends.
    explicit SecretBytes(std::size_t size);
    /// A copy; the caller wipes the original.
    static SecretBytes copy_of(BytesView secret);

    BytesView view() const noexcept { return {bytes_.get(), size_}; }
    BytesSpan span() noexcept { return {bytes_.get(), size_}; }
    std::size_t size() const noexcept { return size_; }
    bool empty() const noexcept { return size_ == 0; }
    /// Keeps the first `size` bytes.
    void shrink(std::size_t size) noexcept;

  private:
    struct Free {
        void operator()(Byte* bytes) const noexcept;
    };
    std::unique_ptr<Byte[], Free> bytes_;
    std::size_t size_ = 0;
};

}  // namespace sotto::crypto
