// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include "rpc/event_log.hpp"
#include "rpc/methods.hpp"

namespace sotto::rpc {

/// What the methods of a whole node work on. All outlive the dispatcher.
struct MethodSources {
    node::Node& node;
    node::Control& control;
    EventLog& events;
    std::filesystem::path data_dir;
    std::function<Result<std::string>()> make_link;  ///< of admin_pageLink
};

/// Every method that a node serves, as docs/openrpc.json lists them.
void add_all_methods(Dispatcher& dispatcher, const MethodSources& sources);

/// docs/openrpc.json, as it stands in the binary: the answer to rpc.discover (spec.open-rpc.org).
std::string_view openrpc_document() noexcept;

}  // namespace sotto::rpc
