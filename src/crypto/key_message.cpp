// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "crypto/key_message.hpp"

#include "codec/protobuf.hpp"

namespace sotto::crypto {
namespace {

constexpr std::uint32_t kType = 1;
constexpr std::uint32_t kData = 2;
constexpr std::size_t kMaxFields = 16;

}  // namespace

Bytes encode_key_message(KeyType type, BytesView data) {
    Bytes out;
    out.reserve(data.size() + 6);
    protobuf::Writer(out).uint(kType, static_cast<std::uint64_t>(type)).bytes(kData, data);
    return out;
}

Result<KeyMessage> decode_key_message(BytesView protobuf) {
    std::optional<std::uint64_t> type;
    std::optional<BytesView> data;
    protobuf::Reader reader(protobuf, kMaxFields);
    for (;;) {
        SOTTO_TRY(const auto field, reader.next());
        if (!field) break;
        if (field->number == kType && field->wire == protobuf::Wire::varint) {
            type = field->value;
        } else if (field->number == kData && field->wire == protobuf::Wire::bytes) {
            data = field->bytes;
        } else if (field->number == kType || field->number == kData) {
            return fail(Errc::malformed, "key field of another wire type");
        }
    }
    if (!type || !data) return fail(Errc::malformed, "key without type or data");
    if (*type > static_cast<std::uint64_t>(KeyType::ecdsa)) return fail(Errc::unsupported, "unknown key type");
    return KeyMessage{.type = static_cast<KeyType>(*type), .data = *data};
}

}  // namespace sotto::crypto
