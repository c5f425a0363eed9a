// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "devp2p/disconnect.hpp"

#include <optional>

#include "codec/rlp.hpp"
#include "codec/snappy.hpp"

namespace sotto::devp2p {
namespace {

constexpr std::size_t kMaxPayload = 64;

/// One byte in a string; a reason of zero is written both as 00 and as 80.
std::optional<Reason> decode_reason(rlp::Reader& in) {
    const auto value = in.string();
    if (!value || value->size() > 1) return std::nullopt;
    const Byte reason = value->empty() ? Byte{0} : (*value)[0];
    if (reason > static_cast<Byte>(Reason::subprotocol)) return std::nullopt;
    return static_cast<Reason>(reason);
}

std::optional<Reason> decode_plain(BytesView payload) {
    if (payload.empty()) return Reason::requested;
    rlp::Reader reader(payload);
    if (!reader.next_is_list()) {
        const auto reason = decode_reason(reader);
        // Only a bare integer that fills the payload is one: 02 04 c1 04 is a compressed list.
        return reader.empty() ? reason : std::nullopt;
    }
    auto inside = reader.list();
    if (!inside) return std::nullopt;
    return inside->empty() ? Reason::requested : decode_reason(*inside);
}

}  // namespace

std::string_view to_string(Reason reason) noexcept {
    switch (reason) {
        case Reason::requested:
            return "disconnect requested";
        case Reason::tcp_error:
            return "network error";
        case Reason::breach:
            return "breach of protocol";
        case Reason::useless:
            return "useless peer";
        case Reason::too_many_peers:
            return "too many peers";
        case Reason::already_connected:
            return "already connected";
        case Reason::incompatible_version:
            return "incompatible p2p protocol version";
        case Reason::invalid_identity:
            return "invalid node identity";
        case Reason::quitting:
            return "client quitting";
        case Reason::unexpected_identity:
            return "unexpected identity";
        case Reason::self:
            return "connected to self";
        case Reason::read_timeout:
            return "read timeout";
        case Reason::subprotocol:
            return "subprotocol error";
    }
    return "an unknown reason";
}

Bytes encode_disconnect(Reason reason) {
    Bytes out;
    rlp::Writer writer(out);
    const auto list = writer.begin_list();
    writer.uint(static_cast<Byte>(reason)).end_list(list);
    return out;
}

Reason decode_disconnect(BytesView payload) {
    if (const auto reason = decode_plain(payload)) return *reason;
    const auto plain = snappy::decompress(payload, kMaxPayload);
    const auto reason = plain ? decode_plain(*plain) : std::nullopt;
    return reason.value_or(Reason::requested);
}

Reason reason_for(const Error& why) noexcept {
    switch (why.code()) {
        case Errc::shutdown:
            return Reason::quitting;
        case Errc::busy:
            return Reason::too_many_peers;
        case Errc::duplicate:
            return Reason::already_connected;
        case Errc::useless:
            return Reason::useless;
        case Errc::timed_out:
            return Reason::read_timeout;
        case Errc::wrong_identity:
            return Reason::unexpected_identity;
        case Errc::unsupported:
            return Reason::incompatible_version;
        default:
            return why.blame() == Blame::peer ? Reason::subprotocol : Reason::requested;
    }
}

Error error_of(Reason reason) {
    const auto code = [reason] {
        switch (reason) {
            case Reason::too_many_peers:
                return Errc::busy;
            case Reason::useless:
                return Errc::useless;
            case Reason::already_connected:
            case Reason::self:
                return Errc::duplicate;
            case Reason::read_timeout:
                return Errc::timed_out;
            case Reason::breach:
            case Reason::incompatible_version:
            case Reason::invalid_identity:
            case Reason::unexpected_identity:
            case Reason::subprotocol:
                return Errc::refused;
            default:
                return Errc::closed;
        }
    }();
    return {code, "the peer said: " + std::string(to_string(reason))};
}

}  // namespace sotto::devp2p
