// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/all_methods.hpp"

#include <boost/json.hpp>

#include "rpc/event_methods.hpp"
#include "rpc/shhext_methods.hpp"

namespace sotto::rpc {

void add_all_methods(Dispatcher& dispatcher, const MethodSources& sources) {
    auto& node = sources.node;
    add_shh_methods(dispatcher, node);
    add_shhext_methods(dispatcher, node);
    add_node_methods(dispatcher, node);
    add_admin_methods(dispatcher, sources.control);
    add_key_methods(dispatcher, node, sources.data_dir);
    add_sotto_methods(dispatcher, node);
    add_chat_identity_method(dispatcher, node, sources.data_dir);
    add_delivery_methods(dispatcher, node.whisper());
    add_event_methods(dispatcher, node, sources.events);
    add_page_method(dispatcher, sources.make_link);
    dispatcher.add("rpc.discover", [](Client&, const json::array&) -> Task<Result<json::value>> {
        co_return json::parse(openrpc_document());
    });
}

}  // namespace sotto::rpc
