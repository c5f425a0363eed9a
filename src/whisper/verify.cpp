// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "whisper/verify.hpp"

namespace sotto::whisper {
namespace {

/// All that needs no hashing.
Verdict verify_cheap(const EnvelopeView& envelope, const Terms& terms) noexcept {
    if (envelope.raw.size() > terms.max_size || envelope.raw.size() > kMaxEnvelopeSize) return Verdict::too_large;
    if (envelope.ttl == 0 || envelope.ttl > kMaxTtl) return Verdict::bad_ttl;
    if (envelope.sent() > terms.now + kSyncAllowance) return Verdict::from_future;
    if (envelope.expiry + 2 * kSyncAllowance < terms.now) return Verdict::very_old;
    if (envelope.expiry < terms.now) return Verdict::expired;
    const bool wanted =
        terms.bloom.matches(envelope.topic) || (terms.previous_bloom && terms.previous_bloom->matches(envelope.topic));
    return wanted ? Verdict::accepted : Verdict::bloom_mismatch;
}

}  // namespace

std::string_view to_string(Verdict verdict) noexcept {
    switch (verdict) {
        case Verdict::accepted:
            return "accepted";
        case Verdict::duplicate:
            return "known already";
        case Verdict::too_large:
            return "envelope too large";
        case Verdict::bad_ttl:
            return "ttl out of range";
        case Verdict::from_future:
            return "envelope from future";
        case Verdict::expired:
            return "envelope expired";
        case Verdict::very_old:
            return "very old envelope";
        case Verdict::low_pow:
            return "envelope with low PoW";
        case Verdict::bloom_mismatch:
            return "envelope does not match bloom filter";
        case Verdict::pool_full:
            return "no room for the envelope";
    }
    return "";
}

Checked verify(const EnvelopeView& envelope, const Terms& terms) noexcept {
    Checked checked{verify_cheap(envelope, terms), {}};
    if (checked.verdict != Verdict::accepted) return checked;
    checked.work = measure_work(envelope, terms.rule, extra_ttl(envelope, terms.now), terms.min_pow);
    if (checked.work.accepted < terms.min_pow) checked.verdict = Verdict::low_pow;
    return checked;
}

std::uint64_t extra_ttl(const EnvelopeView& envelope, std::uint64_t now) noexcept {
    return envelope.sent() > now ? envelope.sent() - now + 1 : 0;
}

}  // namespace sotto::whisper
