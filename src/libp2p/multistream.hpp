// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <string_view>

#include "net/stream.hpp"

/// multistream-select (multiformats/multistream-select, libp2p/specs connections/README.md): how two ends agree on the
/// protocol of a stream. A token is uvarint(length) | text | '\n', where the length counts the newline.
namespace sotto::libp2p::multistream {

inline constexpr std::string_view kHeader = "/multistream/1.0.0";
inline constexpr std::string_view kList = "ls";
inline constexpr std::string_view kRefusal = "na";
/// Bytes of text and newline; a longer token is too_large.
inline constexpr std::size_t kMaxToken = 1024;
/// Proposals that a listener answers before it gives up.
inline constexpr std::size_t kMaxProposals = 64;

void append_token(Bytes& out, std::string_view text);

/// Collects one token from bytes cut anywhere. It never asks for a byte behind the token, so that what follows stays in
/// the stream for its next owner.
class TokenReader {
  public:
    /// Where the next bytes go; never empty.
    BytesSpan want() noexcept { return BytesSpan(buffer_).subspan(have_, wanted_ - have_); }
    /// After `count` bytes were put there, at most what was wanted. True: the token is complete; text() is valid until
    /// the next want(). Fails with malformed or too_large.
    Result<bool> take(std::size_t count);
    std::string_view text() const noexcept { return text_of(BytesView(buffer_).subspan(text_at_, text_size_)); }

  private:
    ByteArray<kMaxToken + 2> buffer_;
    std::size_t have_ = 0;
    std::size_t wanted_ = 1;
    std::size_t text_at_ = 0;
    std::size_t text_size_ = 0;
    bool length_known_ = false;
};

/// The listener's side: answers proposals until one of `supported` is taken, and returns that element. `ls` is answered
/// with the list, unknown proposals with `na`. Answers wait until the dialler's bytes are used up, so that a dialler
/// that sent all at once gets them in one write. The caller limits the time by resetting the stream.
Task<Result<std::string_view>> answer(net::Stream& stream, std::span<const std::string_view> supported);

}  // namespace sotto::libp2p::multistream
