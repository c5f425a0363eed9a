// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <optional>

#include "base/bytes.hpp"

namespace sotto::testing {

inline Bytes hex(std::string_view text) {
    return from_hex(text).value();
}

/// Nothing when there is no error.
template <class T>
std::optional<Errc> code_of(const Result<T>& result) {
    return result ? std::nullopt : std::optional<Errc>(result.error().code());
}

}  // namespace sotto::testing
