// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "token.hpp"

#include "node/files.hpp"

namespace sotto::app {
namespace {

constexpr std::string_view kFile = "rpc-token";

/// "127.0.0.1:8545" of "http://127.0.0.1:8545/" and "ws://127.0.0.1:8545".
std::string_view authority_of(std::string_view url) {
    if (const auto scheme = url.find("://"); scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
    return url.substr(0, url.find('/'));
}

Result<std::string> read_line(const std::filesystem::path& file, std::size_t limit) {
    SOTTO_TRY(const auto content, node::read_private_file(file, limit));
    std::string line(text_of(content));
    while (line.ends_with('\n')) line.pop_back();
    return line;
}

}  // namespace

Result<std::string> read_token(const std::filesystem::path& data_dir) {
    const auto file = data_dir / kFile;
    SOTTO_TRY(auto token, read_line(file, 128));
    if (token.size() != 64 || !from_hex(token))
        return fail(Errc::io, file.string() + " is damaged; delete it and start again");
    return token;
}

Result<std::string> read_url(const std::filesystem::path& data_dir) {
    return read_line(data_dir / kUrlFile, 4096);
}

std::string token_for(std::string_view url, const std::filesystem::path& data_dir, bool named) {
    if (!named) {
        const auto own = read_url(data_dir);
        if (!own || authority_of(*own) != authority_of(url)) return {};
    }
    return read_token(data_dir).value_or(std::string());
}

Result<std::string> load_token(const std::filesystem::path& data_dir, RandomSource& random) {
    auto token = read_token(data_dir);
    if (token || token.error() != Errc::not_found) return token;
    const auto fresh = to_hex(random.array<32>());
    SOTTO_CHECK(node::write_private_file(data_dir / kFile, view_of(fresh), node::Existing::refuse));
    return fresh;
}

}  // namespace sotto::app
