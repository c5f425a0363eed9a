// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <algorithm>

#include "base/fuzz.hpp"
#include "libp2p/message_codec.hpp"

namespace sotto::libp2p {

/// The first byte says how the rest is cut.
SOTTO_FUZZ(libp2p_message) {
    constexpr std::size_t kMaxMessage = 64 * 1024;
    if (input.empty()) return;
    const std::size_t cut = input[0] + std::size_t{1};
    const auto stream = input.subspan(1);
    MessageReader reader(kMaxMessage);
    Bytes again;
    for (auto rest = stream; !rest.empty();) {
        const auto into = reader.want();
        SOTTO_FUZZ_CHECK(!into.empty());
        SOTTO_FUZZ_CHECK(into.size() <= 4096 + 2 * stream.size());
        const auto count = std::min({into.size(), rest.size(), cut});
        std::memcpy(into.data(), rest.data(), count);
        rest = rest.subspan(count);
        const auto complete = reader.take(count);
        if (!complete) {
            SOTTO_FUZZ_CHECK(complete.error().blame() == Blame::peer);
            break;
        }
        if (!*complete) continue;
        const auto message = reader.take_message();
        SOTTO_FUZZ_CHECK(!message.payload.empty() && message.payload.size() <= kMaxMessage);
        const std::array<BytesView, 1> pieces{BytesView(message.payload)};
        append_message(again, message.code, pieces);
    }
    // Every message has one form only: what was read is what was sent.
    SOTTO_FUZZ_CHECK(equal(again, stream.first(again.size())));
}

}  // namespace sotto::libp2p
