// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "whisper/envelope.hpp"

#include "codec/rlp.hpp"

namespace sotto::whisper {

Result<EnvelopeView> decode_envelope(BytesView rlp) {
    SOTTO_TRY(auto items, rlp::decode_list(rlp));
    const BytesView payload = items.rest();
    EnvelopeView view;
    view.raw = rlp;
    SOTTO_TRY(const auto expiry, items.uint(0xffffffff));
    SOTTO_TRY(const auto ttl, items.uint(0xffffffff));
    SOTTO_TRY(view.topic, items.fixed<4>());
    SOTTO_TRY(view.data, items.string());
    view.body = payload.first(payload.size() - items.rest().size());
    SOTTO_TRY(view.nonce, items.uint());
    SOTTO_CHECK(items.expect_end());
    view.expiry = static_cast<std::uint32_t>(expiry);
    view.ttl = static_cast<std::uint32_t>(ttl);
    return view;
}

Bytes encode_body(std::uint32_t expiry, std::uint32_t ttl, const Topic& topic, BytesView data) {
    Bytes body;
    body.reserve(data.size() + 24);
    rlp::Writer(body).uint(expiry).uint(ttl).string(BytesView(topic)).string(data);
    return body;
}

Bytes encode_envelope(BytesView body, std::uint64_t nonce) {
    const Bytes last = rlp::encode_uint(nonce);
    Bytes out;
    out.reserve(body.size() + last.size() + 9);
    rlp::append_header(out, true, body.size() + last.size());
    append(out, body);
    append(out, last);
    return out;
}

Envelope::Envelope(const EnvelopeView& view, const Hash& hash) : raw_(to_bytes(view.raw)), view_(view), hash_(hash) {
    const auto rebase = [&](BytesView part) {
        const auto offset = part.empty() ? 0 : static_cast<std::size_t>(part.data() - view.raw.data());
        return BytesView(raw_).subspan(offset, part.size());
    };
    view_.raw = raw_;
    view_.body = rebase(view.body);
    view_.data = rebase(view.data);
}

Result<SharedEnvelope> make_envelope(BytesView rlp) {
    SOTTO_TRY(const auto view, decode_envelope(rlp));
    return std::make_shared<const Envelope>(view, crypto::keccak256(rlp));
}

}  // namespace sotto::whisper
