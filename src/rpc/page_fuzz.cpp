// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "base/fuzz.hpp"
#include "rpc/page.hpp"
#include "sim/world.hpp"

namespace sotto::rpc {
namespace {

bool is_token(std::string_view text) {
    return text.find_first_of("\r\n") == std::string_view::npos;
}

}  // namespace

/// The first line is a Cookie header, the second a target, the rest a body. Whoever does not know the word gets
/// nothing.
SOTTO_FUZZ(rpc_page) {
    sim::World world;
    Page page(world, world.random(), 8545, "<style></style><script></script>");
    const auto word = page.make_word();
    auto rest = text_of(input);
    const auto take_line = [&] {
        const auto line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
        return std::string(line);
    };
    const auto cookie = take_line();
    const auto target = take_line();
    SOTTO_FUZZ_CHECK(!page.has_session(cookie));
    const bool knows = rest.find(word) != std::string_view::npos;
    for (const auto* method : {"GET", "POST"}) {
        const auto reply = page.answer({.method = method,
                                        .target = target,
                                        .body = std::string(rest),
                                        .cookie = cookie,
                                        .host = {},
                                        .origin = {}});
        if (!reply) continue;
        SOTTO_FUZZ_CHECK(reply->status != 204 || knows);
        for (const auto& [name, value] : reply->headers) SOTTO_FUZZ_CHECK(is_token(name) && is_token(value));
    }
}

}  // namespace sotto::rpc
