// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <filesystem>

#include "node/control.hpp"
#include "node/node.hpp"
#include "rpc/dispatcher.hpp"

namespace sotto::rpc {

/// shh_*: Whisper v6 as geth 1.9 served it, with its error texts. The node outlives the dispatcher.
void add_shh_methods(Dispatcher& dispatcher, node::Node& node);
/// net_*, web3_*, rpc_modules and admin_*, in geth's shapes.
void add_node_methods(Dispatcher& dispatcher, node::Node& node);
/// admin_setLimits, admin_setLogLevel and admin_reload. The control outlives the dispatcher.
void add_admin_methods(Dispatcher& dispatcher, node::Control& control);
/// sotto_status, sotto_peers, sotto_contactTopic and sotto_contactKey, for the page.
void add_sotto_methods(Dispatcher& dispatcher, node::Node& node);
/// sotto_messageState: how far a message that was posted here has come. The node outlives the dispatcher.
void add_delivery_methods(Dispatcher& dispatcher, whisper::Whisper& shh);
/// admin_keyCreate, keyImport, keyExport, keyList, keyRemove, keyUnlock and keyLock: the key pairs sealed in the data
/// directory (docs/keys.md). Sealing and opening take turns: 256 MiB each. The node outlives the dispatcher.
void add_key_methods(Dispatcher& dispatcher, node::Node& node, const std::filesystem::path& data_dir);
/// sotto_chatIdentity: the id of the key pair that one chats with, DATA_DIR/chat-identity, made when there is none. For
/// sessions of the page and who has the token. The node outlives the dispatcher.
void add_chat_identity_method(Dispatcher& dispatcher, node::Node& node, const std::filesystem::path& data_dir);
/// admin_pageLink: a fresh link to the page.
void add_page_method(Dispatcher& dispatcher, std::function<Result<std::string>()> make_link);

}  // namespace sotto::rpc
