// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "crypto/secret.hpp"

#include <sodium.h>

#include <algorithm>

#include "crypto/hash.hpp"
#include "crypto/libraries.hpp"

namespace sotto::crypto {

SecretBytes::SecretBytes(std::size_t size) : size_(size) {
    libraries::prepare_sodium();
    bytes_.reset(static_cast<Byte*>(sodium_malloc(size)));
    libraries::expect(bytes_ != nullptr, "sodium_malloc");
}

SecretBytes SecretBytes::copy_of(BytesView secret) {
    SecretBytes copy(secret.size());
    std::ranges::copy(secret, copy.span().begin());
    return copy;
}

void SecretBytes::shrink(std::size_t size) noexcept {
    SOTTO_ASSERT(size <= size_, "a secret only shrinks");
    if (size < size_) wipe(span().subspan(size));
    size_ = size;
}

void SecretBytes::Free::operator()(Byte* bytes) const noexcept {
    sodium_free(bytes);
}

}  // namespace sotto::crypto
