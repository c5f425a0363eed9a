// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include "node/node.hpp"
#include "rpc/dispatcher.hpp"

namespace sotto::rpc {

/// shhext_*: what status-go 0.2x served besides shh_*, as far as it needs no mail archive: post, getNewFilterMessages,
/// confirmMessagesProcessed and confirmMessagesProcessedByID. What was confirmed is forgotten when the process ends.
/// The node outlives the dispatcher.
void add_shhext_methods(Dispatcher& dispatcher, node::Node& node);

/// What shhext_post answers: FNV-1 of 32 bits over payload and topic, in the last four of 32 bytes.
ByteArray<32> status_message_id(BytesView payload, BytesView topic);

}  // namespace sotto::rpc
