// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "base/fuzz.hpp"
#include "libp2p/identify.hpp"

namespace sotto::libp2p {

SOTTO_FUZZ(identify) {
    if (input.size() > kMaxIdentifyMessage) return;
    IdentifyInfo info;
    for (int times = 0; times < 3; ++times) {
        const auto merged = info.merge(input);
        SOTTO_FUZZ_CHECK(merged || merged.error().blame() == Blame::peer);
        if (!merged) return;
    }
    SOTTO_FUZZ_CHECK(info.protocols.size() <= kMaxIdentifyEntries &&
                     info.listen_addresses.size() <= kMaxIdentifyEntries);
    SOTTO_FUZZ_CHECK(info.agent.size() <= kMaxIdentifyText && info.protocol_version.size() <= kMaxIdentifyText);
    IdentifyInfo again;
    SOTTO_FUZZ_CHECK(again.merge(info.encode()));
    SOTTO_FUZZ_CHECK(again.agent == info.agent && again.protocols == info.protocols && again.key == info.key);
    SOTTO_FUZZ_CHECK(again.listen_addresses.size() <= info.listen_addresses.size());
}

}  // namespace sotto::libp2p
