// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "devp2p/capabilities.hpp"

#include <algorithm>
#include <map>

namespace sotto::devp2p {

std::vector<SharedCapability> share_capabilities(std::span<const net::ProtocolSpec* const> ours,
                                                 std::span<const Capability> theirs) {
    std::map<std::string_view, const net::ProtocolSpec*> best;
    for (const auto* spec : ours) {
        const auto same = [&](const Capability& c) { return c.name == spec->name && c.version == spec->version; };
        if (std::ranges::none_of(theirs, same)) continue;
        auto& chosen = best[spec->name];
        if (!chosen || chosen->version < spec->version) chosen = spec;
    }
    std::vector<SharedCapability> shared;
    std::uint32_t offset = kBaseCodes;
    for (const auto& [name, spec] : best) {
        shared.push_back({spec, offset});
        offset += spec->message_count;
    }
    return shared;
}

}  // namespace sotto::devp2p
