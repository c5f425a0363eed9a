// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/params.hpp"

#include <boost/json.hpp>
#include <charconv>
#include <cmath>

namespace sotto::rpc {
namespace {

namespace json = boost::json;

std::unexpected<Error> bad(const std::string& what, const char* wanted) {
    return fail(Errc::malformed, "invalid " + what + ": " + wanted + " is expected");
}

std::string argument(std::size_t index) {
    return "argument " + std::to_string(index);
}

Result<const json::value*> at(const json::array& params, std::size_t index) {
    if (index >= params.size() || params[index].is_null()) {
        return fail(Errc::malformed, "missing value for required " + argument(index));
    }
    return &params[index];
}

/// Null when absent or null.
const json::value* find(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value && !value->is_null() ? value : nullptr;
}

Result<std::string> to_text(const json::value& value, const std::string& what) {
    if (!value.is_string()) return bad(what, "a string");
    return std::string(value.get_string());
}

Result<double> to_number(const json::value& value, const std::string& what) {
    if (!value.is_number()) return bad(what, "a number");
    const auto number = value.to_number<double>();
    if (!std::isfinite(number)) return bad(what, "a number in range");
    return number;
}

Result<std::uint64_t> parse_uint(std::string_view text, const std::string& what) {
    const bool hex = text.starts_with("0x");
    if (hex) text.remove_prefix(2);
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, hex ? 16 : 10);
    if (error != std::errc() || end != text.data() + text.size()) return bad(what, "a whole number");
    return number;
}

Result<std::uint64_t> to_uint(const json::value& value, const std::string& what) {
    if (value.is_uint64()) return value.get_uint64();
    if (value.is_int64() && value.get_int64() >= 0) return static_cast<std::uint64_t>(value.get_int64());
    if (value.is_string()) return parse_uint(value.get_string(), what);
    if (value.is_double()) {
        const double number = value.get_double();
        if (number >= 0 && number <= 9e15 && std::floor(number) == number) return static_cast<std::uint64_t>(number);
    }
    return bad(what, "a whole number");
}

Result<Bytes> to_hex_bytes(const json::value& value, const std::string& what) {
    SOTTO_TRY(const auto text, to_text(value, what));
    if (text.empty()) return Bytes();
    if (!text.starts_with("0x")) return bad(what, "hex text with 0x");
    auto bytes = from_hex(text);
    if (!bytes) return bad(what, "hex text with 0x");
    return bytes;
}

}  // namespace

Result<std::string> string_param(const json::array& params, std::size_t index) {
    SOTTO_TRY(const auto* value, at(params, index));
    return to_text(*value, argument(index));
}

Result<double> number_param(const json::array& params, std::size_t index) {
    SOTTO_TRY(const auto* value, at(params, index));
    return to_number(*value, argument(index));
}

Result<std::uint64_t> uint_param(const json::array& params, std::size_t index) {
    SOTTO_TRY(const auto* value, at(params, index));
    return to_uint(*value, argument(index));
}

Result<Bytes> bytes_param(const json::array& params, std::size_t index) {
    SOTTO_TRY(const auto* value, at(params, index));
    return to_hex_bytes(*value, argument(index));
}

Result<const json::object*> object_param(const json::array& params, std::size_t index) {
    SOTTO_TRY(const auto* value, at(params, index));
    if (!value->is_object()) return bad(argument(index), "an object");
    return &value->get_object();
}

Result<std::string> string_field(const json::object& object, std::string_view name) {
    const auto* value = find(object, name);
    if (!value) return std::string();
    return to_text(*value, std::string(name));
}

Result<Bytes> bytes_field(const json::object& object, std::string_view name) {
    const auto* value = find(object, name);
    if (!value) return Bytes();
    return to_hex_bytes(*value, std::string(name));
}

Result<double> number_field(const json::object& object, std::string_view name) {
    const auto* value = find(object, name);
    if (!value) return 0.0;
    return to_number(*value, std::string(name));
}

Result<std::uint64_t> uint_field(const json::object& object, std::string_view name, std::uint64_t max) {
    const auto* value = find(object, name);
    if (!value) return std::uint64_t{0};
    SOTTO_TRY(const auto number, to_uint(*value, std::string(name)));
    if (number > max) return bad(std::string(name), "a smaller number");
    return number;
}

Result<bool> bool_field(const json::object& object, std::string_view name) {
    const auto* value = find(object, name);
    if (!value) return false;
    if (!value->is_bool()) return bad(std::string(name), "true or false");
    return value->get_bool();
}

json::value text_or_null(const std::string& text) {
    return text.empty() ? json::value(nullptr) : json::value(text);
}

}  // namespace sotto::rpc
