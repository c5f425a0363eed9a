// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "libp2p/multistream.hpp"

#include <algorithm>

#include "codec/varint.hpp"

namespace sotto::libp2p::multistream {
namespace {

/// The next token into `reader`. What `answers` holds is written before it waits.
Task<Result<void>> read_token(net::Stream& stream, TokenReader& reader, Bytes& answers) {
    for (;;) {
        auto count = stream.try_read(reader.want());
        if (!count && count.error() == Errc::would_block) {
            if (!answers.empty()) SOTTO_CO_CHECK(co_await net::write(stream, answers));
            answers.clear();
            SOTTO_CO_CHECK(co_await stream.readable());
            continue;
        }
        if (!count) co_return fail(count.error());
        if (*count == 0) co_return fail(Errc::closed, "the stream ended during its negotiation");
        SOTTO_CO_TRY(const bool complete, reader.take(*count));
        if (complete) co_return Result<void>{};
    }
}

void append_list(Bytes& out, std::span<const std::string_view> supported) {
    Bytes inner;
    for (const auto id : supported) append_token(inner, id);
    varint::append(out, inner.size() + 1);
    append(out, inner);
    out.push_back('\n');
}

}  // namespace

void append_token(Bytes& out, std::string_view text) {
    varint::append(out, text.size() + 1);
    append(out, view_of(text));
    out.push_back('\n');
}

Result<bool> TokenReader::take(std::size_t count) {
    have_ += count;
    if (have_ < wanted_) return false;
    if (!length_known_) {
        SOTTO_TRY(const auto length, varint::decode(BytesView(buffer_).first(have_)));
        if (!length && have_ >= 2) return fail(Errc::too_large, "multistream: token");
        if (!length) {
            wanted_ = have_ + 1;
            return false;
        }
        if (length->value > kMaxToken) return fail(Errc::too_large, "multistream: token");
        if (length->value == 0) return fail(Errc::malformed, "multistream: empty token");
        length_known_ = true;
        text_at_ = have_;
        text_size_ = static_cast<std::size_t>(length->value) - 1;
        wanted_ = have_ + text_size_ + 1;
        return false;
    }
    if (buffer_[have_ - 1] != '\n') return fail(Errc::malformed, "multistream: token without a newline");
    have_ = 0;
    wanted_ = 1;
    length_known_ = false;
    return true;
}

Task<Result<std::string_view>> answer(net::Stream& stream, std::span<const std::string_view> supported) {
    TokenReader reader;
    Bytes answers;
    SOTTO_CO_CHECK(co_await read_token(stream, reader, answers));
    if (reader.text() != kHeader) co_return fail(Errc::unsupported, "not multistream-select 1.0.0");
    append_token(answers, kHeader);
    for (std::size_t proposals = 0; proposals < kMaxProposals; ++proposals) {
        SOTTO_CO_CHECK(co_await read_token(stream, reader, answers));
        const auto chosen = std::ranges::find(supported, reader.text());
        if (chosen != supported.end()) {
            append_token(answers, *chosen);
            SOTTO_CO_CHECK(co_await net::write(stream, answers));
            co_return *chosen;
        }
        if (reader.text() == kList) {
            append_list(answers, supported);
        } else {
            append_token(answers, kRefusal);
        }
    }
    co_return fail(Errc::misbehaved, "multistream: too many proposals");
}

}  // namespace sotto::libp2p::multistream
