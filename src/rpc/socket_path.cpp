// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/socket_path.hpp"

#include <fcntl.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace sotto::rpc {
namespace {

constexpr std::size_t kMaxName = sizeof(sockaddr_un::sun_path) - 1;

}  // namespace

Result<SocketPath> SocketPath::make(const std::filesystem::path& path) {
    if (path.native().size() <= kMaxName) return SocketPath(path.native(), -1);
    const int folder = ::open(path.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return fail(Errc::io, path.parent_path().string() + ": " + std::strerror(errno));
    SocketPath shorter("/proc/self/fd/" + std::to_string(folder) + "/" + path.filename().native(), folder);
    if (shorter.text().size() > kMaxName) {
        return fail(Errc::invalid_argument, path.filename().string() + " is too long a name for a socket");
    }
    return shorter;
}

SocketPath::SocketPath(SocketPath&& other) noexcept
    : text_(std::move(other.text_)), folder_(std::exchange(other.folder_, -1)) {}

SocketPath::~SocketPath() {
    if (folder_ >= 0) ::close(folder_);
}

}  // namespace sotto::rpc
