// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <boost/json.hpp>

#include "node/control.hpp"
#include "rpc/methods.hpp"
#include "rpc/params.hpp"

namespace sotto::rpc {
namespace {

using Answer = Task<Result<json::value>>;

/// A limit's value as --limit takes it: a whole number, or a word.
Result<std::string> limit_value(std::string_view name, const json::value& value) {
    if (value.is_string()) return std::string(value.get_string());
    if (value.is_uint64()) return std::to_string(value.get_uint64());
    if (value.is_int64() && value.get_int64() >= 0) return std::to_string(value.get_int64());
    return fail(Errc::malformed, "the limit " + std::string(name) + " is a whole number or the word unlimited");
}

json::array to_json(const std::vector<std::string>& names) {
    return json::array(names.begin(), names.end());
}

/// What the caller said wrongly is a matter of his parameters.
std::unexpected<Error> invalid(const Error& error) {
    return fail(Errc::malformed, error.detail());
}

}  // namespace

void add_admin_methods(Dispatcher& dispatcher, node::Control& control) {
    dispatcher.add("admin_setLimits", [&control](Client&, const json::array& params) -> Answer {
        SOTTO_CO_TRY(const auto* limits, object_param(params, 0));
        std::vector<std::string> assignments;
        for (const auto& [name, value] : *limits) {
            SOTTO_CO_TRY(const auto text, limit_value(name, value));
            assignments.push_back(std::string(name) + "=" + text);
        }
        const auto set = control.set_limits(assignments);
        if (!set) co_return invalid(set.error());
        co_return json::value(true);
    });
    dispatcher.add("admin_setLogLevel", [&control](Client&, const json::array& params) -> Answer {
        SOTTO_CO_TRY(const auto name, string_param(params, 0));
        const auto level = log::parse_level(name);
        if (!level) co_return invalid(level.error());
        control.set_log_level(*level);
        co_return json::value(true);
    });
    dispatcher.add("admin_reload", [&control](Client&, const json::array&) -> Answer {
        SOTTO_CO_TRY(const auto reloaded, control.reload());
        co_return json::object{{"changed", to_json(reloaded.changed)},
                               {"needsRestart", to_json(reloaded.needs_restart)}};
    });
}

}  // namespace sotto::rpc
