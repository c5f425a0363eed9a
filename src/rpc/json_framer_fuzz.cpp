// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <boost/json.hpp>
#include <vector>

#include "base/fuzz.hpp"
#include "rpc/json_framer.hpp"

namespace sotto::rpc {
namespace {

constexpr std::size_t kMax = 512;

struct Cut {
    std::vector<std::string> values;
    std::optional<Errc> error;
    friend bool operator==(const Cut&, const Cut&) = default;
};

Cut cut(std::string_view text, std::size_t piece) {
    JsonFramer framer;
    Cut done;
    for (; !text.empty() && !done.error; text.remove_prefix(std::min(piece, text.size()))) {
        framer.push(text.substr(0, piece));
        for (;;) {
            auto next = framer.next(kMax);
            if (!next) done.error = next.error().code();
            if (!next || !*next) break;
            done.values.push_back(std::move(**next));
        }
        if (!done.error) SOTTO_FUZZ_CHECK(framer.buffered() <= kMax);
    }
    return done;
}

}  // namespace

SOTTO_FUZZ(ipc_framing) {
    const auto text = text_of(input);
    const auto whole = cut(text, text.size() + 1);
    SOTTO_FUZZ_CHECK(whole == cut(text, 1) && whole == cut(text, 7));
    std::string together;
    for (const auto& value : whole.values) {
        SOTTO_FUZZ_CHECK(value.size() >= 2 && value.size() <= kMax);
        together += value;
    }
    // What is one JSON value to a parser is one to us.
    boost::json::error_code code;
    const auto parsed = boost::json::parse({text.data(), text.size()}, code, {}, {.max_depth = 600});
    if (!code && parsed.is_structured() && text.size() <= kMax)
        SOTTO_FUZZ_CHECK(whole.values.size() == 1 && !whole.error);
    SOTTO_FUZZ_CHECK(cut(together, 64).values == whole.values);
}

}  // namespace sotto::rpc
