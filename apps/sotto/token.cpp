// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "token.hpp"

#include "codec/multiaddr.hpp"
#include "node/files.hpp"

namespace sotto::app {
namespace {

constexpr std::string_view kFile = "rpc-token";

/// Whether a URL such as "http://127.0.0.1:8545" or "ipc:PATH" leads to this machine, whatever a name server says.
bool is_local(std::string_view url) {
    if (url.starts_with("ipc:")) return true;
    if (const auto scheme = url.find("://"); scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
    const auto host = url.starts_with('[') ? url.substr(0, url.find(']') + 1) : url.substr(0, url.find(':'));
    if (host == "localhost" || host == "[::1]") return true;
    const auto ip = parse_ip(host);
    return ip && ip->size() == 4 && ip->front() == 127;
}

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

std::string token_for(std::string_view url, const std::filesystem::path& data_dir, bool named) {
    return named || is_local(url) ? read_token(data_dir).value_or(std::string()) : std::string();
}

Result<std::string> load_token(const std::filesystem::path& data_dir, RandomSource& random) {
    auto token = read_token(data_dir);
    if (token || token.error() != Errc::not_found) return token;
    const auto fresh = to_hex(random.array<32>());
    SOTTO_CHECK(node::write_private_file(data_dir / kFile, view_of(fresh), node::Existing::refuse));
    return fresh;
}

}  // namespace sotto::app
