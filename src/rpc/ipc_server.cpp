// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/ipc_server.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>

#include "base/log.hpp"
#include "base/task_group.hpp"
#include "rpc/call_rate.hpp"
#include "rpc/ipc_channel.hpp"
#include "rpc/socket_path.hpp"

namespace sotto::rpc {
namespace {

namespace asio = boost::asio;
using Protocol = asio::local::stream_protocol;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kMaxTasks = 100'000;  // rpc-connections is what bounds them

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
        : env(e), path(std::move(p)), limits(l), dispatcher(d), acceptor(e.executor), stop_wake(e.executor) {}

    Env env;
    std::filesystem::path path;
    const node::Limits& limits;
    const Dispatcher& dispatcher;
    CallRate rate;
    Protocol::acceptor acceptor;
    std::optional<FileId> made;  ///< the socket, once it is ours
    Event stop_wake;
    bool stopping = false;

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
        acceptor.open(Protocol(), code);
        // A chmod afterwards would leave a moment in which anybody might connect.
        if (!code) {
            const Umask owner_only(0177);
            acceptor.bind(Protocol::endpoint(name.text()), code);
        }
        if (!code) acceptor.listen(asio::socket_base::max_listen_connections, code);
        if (code) return fail(Errc::io, "cannot listen on " + path.string() + ": " + code.message());
        if (const auto status = status_of(path)) made = status->id;
        return {};
    }

    Task<void> accept_loop(TaskGroup& tasks) {
        for (;;) {
            auto [code, socket] = co_await acceptor.async_accept(kAwait);
            if (code == asio::error::operation_aborted) co_return;
            if (code) {
                // Out of descriptors: let some go before the next try.
                co_await sleep_for(*env.clock, std::chrono::milliseconds(100));
                continue;
            }
            const auto peer = peer_of(socket);
            if (!peer || peer->uid != ::geteuid()) {
                log::debug("ipc", "another user was turned away");
                continue;
            }
            if (tasks.size() > limits.rpc_connections) continue;
            const int handle = socket.release(code);
            if (!code) tasks.spawn(serve(handle, std::to_string(peer->pid)));
        }
    }

    Task<void> serve(int socket, std::string process) {
        const auto channel = make_ipc_channel(env.executor, socket, [this] { return limits.rpc_body_bytes; });
        const auto take_call = [this, &process] {
            return rate.take(process, limits.rpc_calls_per_second, env.clock->now());
        };
        Caller caller{Rights::admin, take_call};
        co_await converse(env, *channel, dispatcher, std::move(caller), {});
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
    auto serve = [this](TaskGroup& group) -> Task<Result<void>> {
        group.spawn(impl_->accept_loop(group));
        while (!impl_->stopping) co_await impl_->stop_wake.wait();
        co_return Result<void>{};
    };
    (void)co_await with_group(impl_->env, kMaxTasks, std::ref(serve));
    impl_->remove_socket();
}

void IpcServer::stop() noexcept {
    impl_->stopping = true;
    impl_->stop_wake.notify();
}

}  // namespace sotto::rpc
