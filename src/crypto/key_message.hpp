// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include "crypto/keys.hpp"

/// The protobuf that public and private keys share: {required Type 1, required Data 2}. Not for other modules.
namespace sotto::crypto {

struct KeyMessage {
    KeyType type{};
    BytesView data;  ///< points into the input
};

Bytes encode_key_message(KeyType type, BytesView data);
/// Field order and unknown fields do not matter: ids are computed from the key encoded anew.
Result<KeyMessage> decode_key_message(BytesView protobuf);

}  // namespace sotto::crypto
