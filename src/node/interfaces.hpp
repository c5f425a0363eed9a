// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <vector>

#include "codec/multiaddr.hpp"

namespace sotto::node {

/// What others can dial instead of a listen address: itself, or for 0.0.0.0 and :: one address per interface of that
/// family, loopback first, link-local ones left out.
std::vector<Multiaddr> dialable_addresses(const Multiaddr& listen);

}  // namespace sotto::node
