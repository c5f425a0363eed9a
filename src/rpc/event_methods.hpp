// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include "node/node.hpp"
#include "rpc/dispatcher.hpp"
#include "rpc/event_log.hpp"

namespace sotto::rpc {

/// sotto_subscribe(kind, filter) and sotto_unsubscribe(id). Node and log outlive the dispatcher and its clients.
void add_event_methods(Dispatcher& dispatcher, node::Node& node, EventLog& log);

/// Logs peers that come and go, for as long as the subscription lives. Node and log outlive it.
Subscription log_peers(EventLog& log, node::Node& node);
/// Logs how connections are doing: connecting, ok, suspect, dead. Likewise.
Subscription log_peer_states(EventLog& log, node::Node& node);
/// Logs every change in the delivery of what is posted, likewise.
Subscription log_states(EventLog& log, whisper::Whisper& shh);
/// Logs what a filter of shh_newMessageFilter has caught since it was asked last. Errc::not_found: there is none.
Result<void> log_messages(EventLog& log, whisper::Whisper& shh, const std::string& filter);

}  // namespace sotto::rpc
