// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <span>

#include "base/bytes.hpp"

/// The published table (multiformats/multiaddr protocols.csv) and how each protocol writes its value.
namespace sotto::multiaddr {

using ToBinary = Result<Bytes> (*)(std::string_view text);
using ToText = std::string (*)(BytesView value);
using Validate = Result<void> (*)(BytesView value);

/// Sizes of a value in bytes.
inline constexpr int kVariable = -1;

struct Protocol {
    std::uint32_t code = 0;
    std::string_view name;
    int size = 0;       ///< 0: no value; kVariable: a length stands in front
    bool path = false;  ///< the text value takes the rest of the address, slashes included
    ToBinary to_binary = nullptr;
    ToText to_text = nullptr;
    Validate validate = nullptr;
};

/// Null: not in the table.
const Protocol* find(std::uint32_t code) noexcept;
const Protocol* find(std::string_view name) noexcept;
std::span<const Protocol> table() noexcept;

}  // namespace sotto::multiaddr
