// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <boost/json/fwd.hpp>

#include "whisper/node.hpp"

/// Whisper's values in geth's JSON shapes. All failures are Errc::malformed and name the field.
namespace sotto::rpc {

/// A received message.
boost::json::object to_json(const whisper::ReceivedMessage& message);
/// What a filter or a subscription asks for.
Result<whisper::Criteria> parse_criteria(const boost::json::object& object);
/// What is to be posted.
Result<whisper::NewMessage> parse_message(const boost::json::object& object);
/// {"jsonrpc":"2.0","method":…,"params":{"subscription":id,…}}: tells a subscriber. `params` gets the id.
std::string make_notification(std::string_view method, const std::string& id, boost::json::object params);

}  // namespace sotto::rpc
