// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "devp2p/rlpx_frame.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "crypto/hash.hpp"

namespace sotto::devp2p {
namespace {

constexpr ByteArray<16> kZeroIv{};

}  // namespace

FrameMac::FrameMac(const ByteArray<32>& key, const crypto::Keccak256& state)
    : cipher_(key), state_(state), digest_(first_bytes<16>(state.digest())) {}

ByteArray<16> FrameMac::mix(BytesView with) {
    auto seed = cipher_.encrypt(digest_);
    for (std::size_t i = 0; i < seed.size(); ++i) seed[i] ^= with[i];
    state_.update(seed);
    digest_ = first_bytes<16>(state_.digest());
    return digest_;
}

ByteArray<16> FrameMac::header(BytesView ciphertext16) {
    return mix(ciphertext16);
}

ByteArray<16> FrameMac::body(BytesView ciphertext) {
    state_.update(ciphertext);
    digest_ = first_bytes<16>(state_.digest());
    const auto with = digest_;
    return mix(with);
}

FrameEncoder::FrameEncoder(const RlpxSecrets& secrets)
    : cipher_(secrets.aes, kZeroIv), mac_(secrets.mac, secrets.egress) {}

void FrameEncoder::append_frame(Bytes& out, Buffers content) {
    const auto size = total_size(content);
    SOTTO_ASSERT(size <= kMaxFrameContent, "a frame is above 2^24 - 1 bytes");
    const auto padded = (size + 15) & ~std::size_t{15};
    const auto start = out.size();
    out.resize(start + kFrameHeader + padded + kFrameMac);
    const auto frame = BytesSpan(out).subspan(start);

    const auto header = frame.first(16);
    header[0] = static_cast<Byte>(size >> 16);
    header[1] = static_cast<Byte>(size >> 8);
    header[2] = static_cast<Byte>(size);
    header[3] = 0xc2;
    header[4] = 0x80;
    header[5] = 0x80;
    cipher_.apply(header);
    std::ranges::copy(mac_.header(header), frame.subspan(16).begin());

    const auto body = frame.subspan(kFrameHeader, padded);
    auto to = body;
    for (const auto& piece : content) {
        std::ranges::copy(piece, to.begin());
        to = to.subspan(piece.size());
    }
    cipher_.apply(body);
    std::ranges::copy(mac_.body(body), frame.last(kFrameMac).begin());
}

FrameDecoder::FrameDecoder(const RlpxSecrets& secrets, std::size_t max_content)
    : cipher_(secrets.aes, kZeroIv), mac_(secrets.mac, secrets.ingress), max_content_(max_content) {}

Result<void> FrameDecoder::take_header(BytesSpan chunk) {
    const auto header = chunk.first(16);
    if (!crypto::equal_constant_time(mac_.header(header), chunk.subspan(16, 16))) {
        return fail(Errc::unauthentic, "the MAC of an RLPx header is wrong");
    }
    cipher_.apply(header);
    const std::size_t size = std::size_t{header[0]} << 16 | std::size_t{header[1]} << 8 | header[2];
    if (size > max_content_) return fail(Errc::too_large, "an RLPx frame is above the limit");
    if (size == 0) return fail(Errc::malformed, "an empty RLPx frame");
    body_ = size;
    return {};
}

Result<std::optional<BytesView>> FrameDecoder::take(BytesSpan chunk) {
    if (!body_) {
        SOTTO_CHECK(take_header(chunk));
        return std::optional<BytesView>();
    }
    const auto body = chunk.first(chunk.size() - kFrameMac);
    if (!crypto::equal_constant_time(mac_.body(body), chunk.last(kFrameMac))) {
        return fail(Errc::unauthentic, "the MAC of an RLPx frame is wrong");
    }
    cipher_.apply(body);
    const auto size = *body_;
    body_.reset();
    return std::optional<BytesView>(body.first(size));
}

}  // namespace sotto::devp2p
