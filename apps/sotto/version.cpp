// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <fmt/format.h>

#include "base/escape.hpp"
#include "crypto/keccak.hpp"
#include "node/limits.hpp"
#include "verbs.hpp"

namespace sotto::app {

int report(const Error& error) {
    const auto& detail = error.detail();
    // It may quote what another node has answered.
    fmt::print(stderr, "sotto: {}\n", printable(detail.empty() ? error.message() : detail));
    return error == Errc::invalid_argument ? kUsage : kFailed;
}

int version_verb(bool json) {
    if (json) {
        fmt::print(R"({{"name":"Sotto","version":"{}","compiler":"{}","keccak":"{}"}})"
                   "\n",
                   SOTTO_VERSION,
                   __VERSION__,
                   crypto::keccak_backend());
    } else {
        fmt::print("Sotto {} ({}, Keccak by {})\n", SOTTO_VERSION, __VERSION__, crypto::keccak_backend());
    }
    return kDone;
}

int limits_verb() {
    const node::Limits defaults;
    fmt::print("Bounds that --limit NAME=VALUE sets. 0 is refused; the word unlimited lifts one.\n");
    fmt::print("All can change while the node runs.\n\n");
    for (const auto& info : node::limit_table()) {
        fmt::print(
            "  {:<28} {:>12} {:<12} {}\n", info.name, node::limit_text(defaults.*info.field), info.unit, info.meaning);
    }
    return kDone;
}

}  // namespace sotto::app
