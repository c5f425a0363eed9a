// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "base/result.hpp"

namespace sotto {

std::string_view to_string(Errc code) noexcept {
    switch (code) {
        case Errc::would_block:
            return "would block";
        case Errc::closed:
            return "closed";
        case Errc::reset:
            return "reset";
        case Errc::timed_out:
            return "timed out";
        case Errc::unreachable:
            return "unreachable";
        case Errc::refused:
            return "refused";
        case Errc::busy:
            return "busy";
        case Errc::duplicate:
            return "duplicate";
        case Errc::shutdown:
            return "shutting down";
        case Errc::useless:
            return "nothing in common";
        case Errc::malformed:
            return "malformed";
        case Errc::too_large:
            return "too large";
        case Errc::unauthentic:
            return "not authentic";
        case Errc::wrong_identity:
            return "wrong identity";
        case Errc::misbehaved:
            return "misbehaved";
        case Errc::unsupported:
            return "unsupported";
        case Errc::invalid_argument:
            return "invalid argument";
        case Errc::not_found:
            return "not found";
        case Errc::exists:
            return "exists";
        case Errc::permission:
            return "permission denied";
        case Errc::io:
            return "input/output error";
        case Errc::in_use:
            return "in use";
        case Errc::exhausted:
            return "exhausted";
        case Errc::internal:
            return "internal error";
    }
    return "unknown error";
}

Blame blame_of(Errc code) noexcept {
    if (code <= Errc::useless) return Blame::transient;
    if (code <= Errc::unsupported) return Blame::peer;
    if (code <= Errc::exhausted) return Blame::local;
    return Blame::bug;
}

std::string Error::message() const {
    std::string text(to_string(code_));
    if (!detail_.empty()) text.append(": ").append(detail_);
    return text;
}

Error Error::within(std::string_view context) const {
    std::string text(context);
    if (!detail_.empty()) text.append(": ").append(detail_);
    return {code_, std::move(text)};
}

}  // namespace sotto
