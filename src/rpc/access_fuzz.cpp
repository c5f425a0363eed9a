// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <algorithm>
#include <array>

#include "base/fuzz.hpp"
#include "rpc/access.hpp"

namespace sotto::rpc {
namespace {

/// Lines of the input: Host, Origin, Authorization, Content-Type; one that is missing or "-" is absent.
RequestHead parse_head(std::string_view text, std::string_view method) {
    std::array<std::optional<std::string_view>, 4> lines;
    for (auto& line : lines) {
        if (text.empty()) break;
        const auto end = std::min(text.find('\n'), text.size());
        if (text.substr(0, end) != "-") line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return {
        .method = method, .host = lines[0], .origin = lines[1], .authorization = lines[2], .content_type = lines[3]};
}

void check(const AccessConfig& config, const Endpoint& endpoint, const RequestHead& head) {
    const auto verdict = check_access(config, endpoint, head);
    constexpr std::array<unsigned, 4> kStatuses{200, 401, 403, 415};
    SOTTO_FUZZ_CHECK(std::ranges::find(kStatuses, verdict.status) != kStatuses.end());
    SOTTO_FUZZ_CHECK((verdict.status == 200) == verdict.reason.empty());
    SOTTO_FUZZ_CHECK((verdict.status == 200) == (verdict.rights != Rights::none));
    if (verdict.page) SOTTO_FUZZ_CHECK(verdict.status == 200 || verdict.status == 401);
    if (verdict.status != 200) return;
    const bool admin = verdict.rights == Rights::admin;
    SOTTO_FUZZ_CHECK(head.host && verdict.page && head.origin != "null");
    SOTTO_FUZZ_CHECK(admin == head.authorization.has_value());
    SOTTO_FUZZ_CHECK(!admin || head.authorization->ends_with(' ' + config.token));
    SOTTO_FUZZ_CHECK(endpoint.loopback || admin || (head.session && head.origin));
    SOTTO_FUZZ_CHECK(verdict.rights != Rights::session || (head.session && head.origin));
    SOTTO_FUZZ_CHECK(verdict.rights != Rights::open || endpoint.loopback);
    SOTTO_FUZZ_CHECK(head.method != "POST" || head.content_type);
}

}  // namespace

SOTTO_FUZZ(rpc_access) {
    static const AccessConfig config{std::string(64, 'a'), {"node.example"}, {"https://app.example", "null"}};
    for (const auto* method : {"POST", "GET"}) {
        auto head = parse_head(text_of(input), method);
        for (const bool session : {false, true}) {
            head.session = session;
            check(config, {"127.0.0.1", 8545, true}, head);
            check(config, {"192.0.2.7", 8545, false}, head);
        }
    }
}

}  // namespace sotto::rpc
