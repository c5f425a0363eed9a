// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <memory>

#include "base/env.hpp"
#include "libp2p/noise_handshake.hpp"
#include "net/stream.hpp"

namespace sotto::libp2p {

/// A frame on the wire is a big-endian u16 length and that many bytes, the last 16 of which are the tag.
inline constexpr std::size_t kMaxNoiseFrame = 65'535;
inline constexpr std::size_t kMaxNoisePlaintext = kMaxNoiseFrame - crypto::NoiseCipher::kTagSize;

/// Runs `handshake` to its end over `raw`, byte for byte: nothing behind the last handshake frame is read. The caller
/// limits the time by resetting `raw`.
Task<Result<NoiseHandshake::Outcome>> run_noise_handshake(net::Stream& raw, NoiseHandshake handshake);

/// The transport phase: an encrypted, authenticated stream over `raw`. It owns no buffer while idle: it reads through
/// Env::scratch->wire, opens frames in the reader's memory where they fit, keeps only a cut tail, and writes frames of
/// up to 256 KiB together. A frame that does not verify, or a write that is cancelled, ends the session. readable() may
/// return for a frame that is not complete: try_read() then says would_block. Contract as Stream's.
std::unique_ptr<net::Stream> make_noise_stream(Env env,
                                               std::unique_ptr<net::Stream> raw,
                                               crypto::NoiseCipher send,
                                               crypto::NoiseCipher receive);

}  // namespace sotto::libp2p
