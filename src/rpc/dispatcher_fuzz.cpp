// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <boost/json.hpp>

#include "base/fuzz.hpp"
#include "rpc/dispatcher.hpp"
#include "sim/world.hpp"

namespace sotto::rpc {
namespace {

class Stranger final : public Client {
  public:
    Rights rights() const noexcept override { return Rights::open; }
};

Dispatcher make_dispatcher() {
    static const node::Limits limits{.rpc_batch = 8};
    Dispatcher dispatcher(limits, {.depth = 16, .reply_bytes = 4096});
    dispatcher.add("x_count", [](Client&, const json::array& params) -> Task<Result<json::value>> {
        co_return json::value(params.size());
    });
    dispatcher.add("x_refuse", [](Client&, const json::array&) -> Task<Result<json::value>> {
        co_return fail(Errc::malformed, "bad");
    });
    dispatcher.add("admin_do", [](Client&, const json::array&) -> Task<Result<json::value>> {
        constexpr bool stranger_reached_admin = true;
        SOTTO_FUZZ_CHECK(!stranger_reached_admin);
        co_return json::value(true);
    });
    return dispatcher;
}

void check_reply(const json::value& reply) {
    const auto* object = reply.if_object();
    SOTTO_FUZZ_CHECK(object && object->size() == 3 && object->at("jsonrpc") == "2.0" && object->contains("id"));
    SOTTO_FUZZ_CHECK(object->contains("result") != object->contains("error"));
}

}  // namespace

SOTTO_FUZZ(rpc_request) {
    static const auto dispatcher = make_dispatcher();
    sim::World world;
    Stranger client;
    const auto text = sim::run_task(world, dispatcher.handle(text_of(input), client));
    if (text.empty()) return;
    json::error_code code;
    const auto reply = json::parse(text, code);
    SOTTO_FUZZ_CHECK(!code);
    const auto* batch = reply.if_array();
    SOTTO_FUZZ_CHECK(!batch || (!batch->empty() && batch->size() <= 8));
    if (!batch) return check_reply(reply);
    for (const auto& one : *batch) check_reply(one);
}

}  // namespace sotto::rpc
