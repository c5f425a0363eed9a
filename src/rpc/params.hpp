// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <boost/json/fwd.hpp>
#include <optional>
#include <string>

#include "base/bytes.hpp"

/// Readers of JSON parameters. All failures are Errc::malformed ("invalid params") and name the argument or field.
namespace sotto::rpc {

/// The n-th argument of a call.
Result<std::string> string_param(const boost::json::array& params, std::size_t index);
Result<double> number_param(const boost::json::array& params, std::size_t index);
Result<std::uint64_t> uint_param(const boost::json::array& params, std::size_t index);
/// Hex text with 0x.
Result<Bytes> bytes_param(const boost::json::array& params, std::size_t index);
Result<const boost::json::object*> object_param(const boost::json::array& params, std::size_t index);

/// A field of an object; the default when it is absent or null.
Result<std::string> string_field(const boost::json::object& object, std::string_view name);
Result<Bytes> bytes_field(const boost::json::object& object, std::string_view name);
Result<double> number_field(const boost::json::object& object, std::string_view name);
/// A whole number, given as a number or (as web3 may) as a decimal or 0x string; at most `max`.
Result<std::uint64_t> uint_field(const boost::json::object& object, std::string_view name, std::uint64_t max);
Result<bool> bool_field(const boost::json::object& object, std::string_view name);

/// The other way: an empty text is null in an answer.
boost::json::value text_or_null(const std::string& text);

}  // namespace sotto::rpc
