// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <span>

#include "codec/multiaddr_values.hpp"

/// The published table (multiformats/multiaddr protocols.csv) and our private `rlpx`.
namespace sotto::multiaddr {

/// Sizes of a value in bytes.
inline constexpr int kVariable = -1;

struct Protocol {
    std::uint32_t code = 0;
    std::string_view name;
    int size = 0;                     ///< 0: no value; kVariable: a length stands in front
    const ValueForm* form = nullptr;  ///< null when there is no value
    bool path = false;                ///< the text value takes the rest of the address, slashes included
};

/// Null: not in the table. Of two names for one code, the code finds the one that is printed.
const Protocol* find(std::uint32_t code) noexcept;
const Protocol* find(std::string_view name) noexcept;
std::span<const Protocol> table() noexcept;

}  // namespace sotto::multiaddr
