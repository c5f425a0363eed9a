// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "token.hpp"

#include "node/files.hpp"

namespace sotto::app {
namespace {

constexpr std::string_view kFile = "rpc-token";

}  // namespace

Result<std::string> read_token(const std::filesystem::path& data_dir) {
    const auto file = data_dir / kFile;
    SOTTO_TRY(const auto content, node::read_private_file(file, 128));
    std::string token(text_of(content));
    while (token.ends_with('\n')) token.pop_back();
    if (token.size() != 64 || !from_hex(token))
        return fail(Errc::io, file.string() + " is damaged; delete it and start again");
    return token;
}

Result<std::string> load_token(const std::filesystem::path& data_dir, RandomSource& random) {
    auto token = read_token(data_dir);
    if (token || token.error() != Errc::not_found) return token;
    const auto fresh = to_hex(random.array<32>());
    SOTTO_CHECK(node::write_private_file(data_dir / kFile, view_of(fresh), node::Existing::refuse));
    return fresh;
}

}  // namespace sotto::app
