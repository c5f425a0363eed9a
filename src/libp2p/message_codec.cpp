// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "libp2p/message_codec.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "codec/rlp.hpp"

namespace sotto::libp2p {
namespace {

constexpr std::size_t kMaxCode = 1 + sizeof(net::Code);
constexpr std::size_t kFirstRead = 4096;
constexpr std::size_t kHeadRoom = 16;  // any header, so that its bytes cost one allocation

}  // namespace

void append_message(Bytes& out, net::Code code, Buffers payload) {
    rlp::Writer(out).uint(code);
    for (const auto& piece : payload) append(out, piece);
}

BytesSpan MessageReader::want() {
    const auto end = total_ == 0 ? have_ + 1 : std::min(total_, std::max(kFirstRead, 2 * have_));
    if (buffer_.capacity() == 0) buffer_.reserve(kHeadRoom);
    if (buffer_.size() < end) buffer_.resize(end);
    return BytesSpan(buffer_).subspan(have_, end - have_);
}

Result<bool> MessageReader::take(std::size_t count) {
    have_ += count;
    return code_known_ ? on_payload() : on_code_byte();
}

Result<bool> MessageReader::on_code_byte() {
    const auto bytes = BytesView(buffer_).first(have_);
    SOTTO_TRY(const auto header, rlp::peek_header(bytes));
    if (!header) return false;
    if (header->list) return fail(Errc::malformed, "message code is a list");
    if (header->total_size() > kMaxCode) return fail(Errc::malformed, "message code above 32 bits");
    if (have_ < header->total_size()) return false;
    SOTTO_TRY(const auto code, rlp::Reader(bytes).uint(std::numeric_limits<net::Code>::max()));
    code_ = static_cast<net::Code>(code);
    code_known_ = true;
    have_ = 0;
    return false;
}

Result<bool> MessageReader::on_payload() {
    if (total_ == 0) {
        SOTTO_TRY(const auto header, rlp::peek_header(BytesView(buffer_).first(have_)));
        if (!header) return false;
        if (header->payload_size > max_message_ || header->total_size() > max_message_) {
            return fail(Errc::too_large, "message of " + std::to_string(header->payload_size) + " bytes");
        }
        total_ = header->total_size();
    }
    return have_ == total_;
}

net::Message MessageReader::take_message() {
    buffer_.resize(std::exchange(total_, 0));
    have_ = 0;
    code_known_ = false;
    return {code_, std::exchange(buffer_, {})};
}

}  // namespace sotto::libp2p
