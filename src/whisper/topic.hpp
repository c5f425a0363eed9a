// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <string_view>

#include "crypto/keccak.hpp"

/// Whisper v6 (EIP-627), as go-ethereum and Status ran it.
namespace sotto::whisper {

using Hash = crypto::Hash256;
/// What an envelope is about, in the clear: 4 bytes.
using Topic = ByteArray<4>;

/// First four bytes of keccak256(name): how Status names the topic of a public channel.
Topic topic_of_name(std::string_view name);

}  // namespace sotto::whisper
