// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/ipc_server.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <optional>

#include "base/log.hpp"
#include "rpc/acceptor.hpp"
#include "rpc/call_rate.hpp"
#include "rpc/ipc_channel.hpp"
#include "rpc/socket_path.hpp"

namespace sotto::rpc {
namespace {

namespace asio = boost::asio;
using Protocol = asio::local::stream_protocol;

/// The mode of what is made while it lives.
class Umask {
  public:
    explicit Umask(mode_t mask) : before_(::umask(mask)) {}
    Umask(const Umask&) = delete;
    Umask& operator=(const Umask&) = delete;
    ~Umask() { ::umask(before_); }

  private:
    mode_t before_;
};

/// Which file it is, whatever its name.
struct FileId {
    dev_t device = 0;
    ino_t inode = 0;
    friend bool operator==(const FileId&, const FileId&) = default;
};

struct FileStatus {
    FileId id;
    bool socket = false;
};

std::optional<FileStatus> status_of(const std::filesystem::path& path) {
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0) return std::nullopt;
    return FileStatus{{status.st_dev, status.st_ino}, S_ISSOCK(status.st_mode)};
}

std::optional<ucred> peer_of(Protocol::socket& socket) {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
    return peer;
}

}  // namespace

struct IpcServer::Impl {
    Impl(Env e, std::filesystem::path p, const node::Limits& l, const Dispatcher& d)
        : env(e), path(std::move(p)), limits(l), dispatcher(d) {}

    Env env;
    std::filesystem::path path;
    const node::Limits& limits;
    const Dispatcher& dispatcher;
    CallRate rate;
    Backlog backlog;
    Acceptor acceptor{env, limits};
    std::optional<FileId> made;  ///< the socket, once it is ours

    /// Makes room for our socket, but only where nobody needs what is there.
    Result<void> clear_path(const std::string& name) {
        const auto found = status_of(path);
        if (!found) return {};
        if (!found->socket) {
            return fail(Errc::exists, path.string() + " is there and is no socket; name another path with --ipc PATH");
        }
        boost::system::error_code code;
        Protocol::socket probe(env.executor);
        probe.open(Protocol(), code);
        if (!code) probe.non_blocking(true, code);
        if (!code) probe.connect(Protocol::endpoint(name), code);
        if (code != asio::error::connection_refused) {
            return fail(Errc::in_use,
                        "another process listens on " + path.string() + "; name another path with --ipc PATH");
        }
        if (::unlink(path.c_str()) != 0) {
            return fail(Errc::io, "cannot remove " + path.string() + ", which a killed process has left");
        }
        return {};
    }

    Result<void> listen() {
        SOTTO_TRY(const auto name, SocketPath::make(path));
        SOTTO_CHECK(clear_path(name.text()));
        boost::system::error_code code;
        Protocol::acceptor listening(env.executor);
        listening.open(Protocol(), code);
        // A chmod afterwards would leave a moment in which anybody might connect.
        if (!code) {
            const Umask owner_only(0177);
            listening.bind(Protocol::endpoint(name.text()), code);
        }
        if (!code) listening.listen(asio::socket_base::max_listen_connections, code);
        if (code) return fail(Errc::io, "cannot listen on " + path.string() + ": " + code.message());
        if (const auto status = status_of(path)) made = status->id;
        acceptor.add(listening.release(code), [this](int socket, Place& place) { return serve(socket, place); });
        return {};
    }

    Task<void> serve(int handle, Place& place) {
        Protocol::socket socket(env.executor, Protocol(), handle);
        const auto peer = peer_of(socket);
        if (!peer || peer->uid != ::geteuid()) {
            log::debug("ipc", "another user was turned away");
            co_return;
        }
        boost::system::error_code code;
        const int owned = socket.release(code);
        if (!code) co_await talk(owned, std::to_string(peer->pid), place);
    }

    Task<void> talk(int socket, std::string process, Place& place) {
        const auto channel = make_ipc_channel(env.executor, socket, [this] { return limits.rpc_body_bytes; });
        place.on_loss([&channel] { channel->close(); });
        const auto take_call = [this, &process, &place] {
            place.prove();
            return rate.take(process, limits.rpc_calls_per_second, env.clock->now());
        };
        Caller caller{Rights::admin, take_call};
        co_await converse(env, *channel, dispatcher, backlog, std::move(caller));
    }

    void remove_socket() noexcept {
        const auto found = status_of(path);
        // By now the name may be another process's.
        if (made && found && found->id == *made) ::unlink(path.c_str());
        made.reset();
    }
};

IpcServer::IpcServer(Env env, std::filesystem::path path, const node::Limits& limits, const Dispatcher& dispatcher)
    : impl_(std::make_unique<Impl>(env, std::move(path), limits, dispatcher)) {}

IpcServer::~IpcServer() {
    impl_->remove_socket();
}

Result<void> IpcServer::listen() {
    return impl_->listen();
}

Task<void> IpcServer::run() {
    co_await impl_->acceptor.run();
    impl_->remove_socket();
}

void IpcServer::stop() noexcept {
    impl_->acceptor.stop();
}

}  // namespace sotto::rpc
