// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "chat/payload.hpp"

#include <boost/json.hpp>

#include "base/escape.hpp"

namespace sotto::chat {
namespace {

namespace json = boost::json;

constexpr std::string_view kTag = "~#c4";
constexpr std::string_view kMap = "^ ";
constexpr std::string_view kText = "~:text";
constexpr std::string_view kNick = "~:nick";
constexpr std::string_view kTopic = "~:topic";
constexpr std::string_view kChannelType = "~:public-group-user-message";
constexpr std::string_view kContactType = "~:user-message";
constexpr std::size_t kMaxDepth = 8;

std::string_view string_at(const json::array& array, std::size_t index) {
    if (index >= array.size() || !array[index].is_string()) return {};
    return array[index].get_string();
}

std::uint64_t uint_at(const json::array& array, std::size_t index) {
    if (index >= array.size()) return 0;
    return array[index].is_uint64() ? array[index].get_uint64()
           : array[index].is_int64() && array[index].get_int64() > 0
               ? static_cast<std::uint64_t>(array[index].get_int64())
               : 0;
}

/// A transit map is an array: "^ ", key, value, key, value…
std::string_view map_value(const json::array& map, std::string_view key) {
    if (string_at(map, 0) != kMap) return {};
    for (std::size_t i = 1; i + 1 < map.size(); i += 2) {
        if (string_at(map, i) == key) return string_at(map, i + 1);
    }
    return {};
}

/// A transit string that begins with ~, ^ or a backquote has another ~ in front.
std::string escape(std::string_view text) {
    const bool special = text.starts_with('~') || text.starts_with('^') || text.starts_with('`');
    return (special ? "~" : "") + std::string(text);
}
std::string unescape(std::string_view text) {
    const bool special = text.size() > 1 && text[0] == '~' && (text[1] == '~' || text[1] == '^' || text[1] == '`');
    return std::string(text.substr(special ? 1 : 0));
}

std::optional<ByteArray<4>> parse_offer(std::string_view text) {
    if (text.size() != 10 || !text.starts_with("0x")) return std::nullopt;
    const auto bytes = from_hex(text);
    if (!bytes) return std::nullopt;
    return first_bytes<4>(*bytes);
}

Result<Kind> parse_kind(std::string_view type) {
    if (type == kChannelType) return Kind::channel;
    if (type == kContactType) return Kind::contact;
    return fail(Errc::malformed, "neither a public nor a private message");
}

}  // namespace

Result<void> check_text(std::string_view text) {
    if (text.size() > kMaxText) return fail(Errc::too_large, "a message has at most 64 KiB");
    if (!is_utf8(text)) return fail(Errc::malformed, "the text is not UTF-8");
    return {};
}

Result<void> check_nick(std::string_view nick) {
    if (nick.size() > kMaxNick) return fail(Errc::too_large, "a nick has at most 64 bytes");
    if (!is_utf8(nick)) return fail(Errc::malformed, "the nick is not UTF-8");
    return {};
}

Result<Bytes> encode_message(const Message& message) {
    SOTTO_CHECK(check_text(message.text));
    SOTTO_CHECK(check_nick(message.nick));
    const auto text = escape(message.text);
    json::array map{kMap, kText, text};
    if (!message.nick.empty()) {
        map.emplace_back(kNick);
        map.emplace_back(escape(message.nick));
    }
    if (message.offer) {
        map.emplace_back(kTopic);
        map.emplace_back(to_hex_prefixed(*message.offer));
    }
    const auto type = message.kind == Kind::channel ? kChannelType : kContactType;
    const json::array body{text, "text/plain", type, message.clock, message.milliseconds, std::move(map)};
    return to_bytes(json::serialize(json::array{kTag, body}));
}

Result<Message> decode_message(BytesView payload) {
    json::error_code code;
    json::parse_options options;
    options.max_depth = kMaxDepth;
    const auto value = json::parse(text_of(payload), code, {}, options);
    const auto* outer = value.if_array();
    if (code || !outer || string_at(*outer, 0) != kTag || outer->size() < 2 || !(*outer)[1].is_array()) {
        return fail(Errc::malformed, "not a chat message");
    }
    const auto& body = (*outer)[1].get_array();
    if (body.empty() || !body[0].is_string()) return fail(Errc::malformed, "a message without text");
    Message message;
    SOTTO_TRY(message.kind, parse_kind(string_at(body, 2)));
    message.text = unescape(string_at(body, 0));
    message.clock = uint_at(body, 3);
    message.milliseconds = uint_at(body, 4);
    if (body.size() > 5 && body[5].is_array()) {
        const auto& map = body[5].get_array();
        message.nick = unescape(map_value(map, kNick));
        if (message.kind == Kind::contact) message.offer = parse_offer(map_value(map, kTopic));
    }
    SOTTO_CHECK(check_text(message.text));
    SOTTO_CHECK(check_nick(message.nick));
    return message;
}

}  // namespace sotto::chat
