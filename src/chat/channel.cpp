// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "chat/channel.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "crypto/keccak.hpp"

namespace sotto::chat {
namespace {

namespace json = boost::json;

constexpr std::string_view kTag = "~#c4";
constexpr std::string_view kMap = "^ ";
constexpr std::string_view kText = "~:text";
constexpr std::string_view kNick = "~:nick";
constexpr std::size_t kMaxName = 128;
constexpr std::size_t kMaxText = 64 * 1024;
constexpr std::size_t kMaxNick = 64;

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

}  // namespace

Result<std::string> channel_name(std::string_view text) {
    if (text.starts_with('#')) text.remove_prefix(1);
    if (text.empty()) return fail(Errc::invalid_argument, "a channel has a name, such as #lobby");
    if (text.size() > kMaxName) return fail(Errc::invalid_argument, "a channel's name has at most 128 bytes");
    const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    if (std::ranges::any_of(text, control))
        return fail(Errc::invalid_argument, "a channel's name has no control characters");
    return std::string(text);
}

ByteArray<4> channel_topic(std::string_view name) {
    return first_bytes<4>(crypto::keccak256(view_of(name)));
}

Bytes encode_message(const ChannelMessage& message) {
    const auto text = escape(message.text);
    json::array map{kMap, kText, text};
    if (!message.nick.empty()) {
        map.emplace_back(kNick);
        map.emplace_back(escape(message.nick));
    }
    const json::array body{
        text, "text/plain", "~:public-group-user-message", message.clock, message.milliseconds, std::move(map)};
    return to_bytes(json::serialize(json::array{kTag, body}));
}

Result<ChannelMessage> decode_message(BytesView payload) {
    json::error_code code;
    json::parse_options options;
    options.max_depth = 8;
    const auto value = json::parse(text_of(payload), code, {}, options);
    const auto* outer = value.if_array();
    if (code || !outer || string_at(*outer, 0) != kTag || outer->size() < 2 || !(*outer)[1].is_array()) {
        return fail(Errc::malformed, "not a chat message");
    }
    const auto& body = (*outer)[1].get_array();
    if (string_at(body, 2) != "~:public-group-user-message") return fail(Errc::malformed, "not a public message");
    ChannelMessage message;
    message.text = unescape(string_at(body, 0));
    message.clock = uint_at(body, 3);
    message.milliseconds = uint_at(body, 4);
    if (body.size() > 5 && body[5].is_array()) message.nick = unescape(map_value(body[5].get_array(), kNick));
    if (message.text.size() > kMaxText || message.nick.size() > kMaxNick)
        return fail(Errc::too_large, "a chat message too long");
    return message;
}

}  // namespace sotto::chat
