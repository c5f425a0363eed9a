// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "whisper/seen_messages.hpp"

#include "crypto/hash.hpp"

namespace sotto::whisper {

bool SeenMessages::add(const EnvelopeView& envelope) {
    const BytesView pieces[] = {envelope.topic, envelope.data};
    const auto id = crypto::sha256(Buffers(pieces));
    if (!ids_.insert(id).second) return false;
    by_expiry_.emplace(envelope.expiry, id);
    if (ids_.size() > kMost) forget_first();
    return true;
}

void SeenMessages::expire(std::uint64_t now) {
    while (!by_expiry_.empty() && by_expiry_.begin()->first < now) forget_first();
}

void SeenMessages::forget_first() {
    ids_.erase(by_expiry_.begin()->second);
    by_expiry_.erase(by_expiry_.begin());
}

}  // namespace sotto::whisper
