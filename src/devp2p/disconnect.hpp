// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include "base/bytes.hpp"

/// The Disconnect message (ethereum/devp2p rlpx.md, message 0x01).
namespace sotto::devp2p {

enum class Reason : Byte {
    requested = 0x00,
    tcp_error = 0x01,
    breach = 0x02,
    useless = 0x03,
    too_many_peers = 0x04,
    already_connected = 0x05,
    incompatible_version = 0x06,
    invalid_identity = 0x07,
    quitting = 0x08,
    unexpected_identity = 0x09,
    self = 0x0a,
    read_timeout = 0x0b,
    subprotocol = 0x10,
};

std::string_view to_string(Reason reason) noexcept;
/// [reason]: what this node sends.
Bytes encode_disconnect(Reason reason);
/// Every form seen in the wild: a list, a bare integer, empty, an empty list, each plain or snappy-compressed. What
/// cannot be read is `requested`: a goodbye is a goodbye.
Reason decode_disconnect(BytesView payload);

/// The reason to give a peer for an error of ours, and the error that a peer's reason means here (never the peer's
/// blame).
Reason reason_for(const Error& why) noexcept;
Error error_of(Reason reason);

}  // namespace sotto::devp2p
