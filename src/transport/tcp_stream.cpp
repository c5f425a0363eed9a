// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "transport/tcp_stream.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstring>
#include <optional>

#include "base/this_executor.hpp"

namespace sotto::transport {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kMaxPieces = 64;

Error socket_error(int code) {
    switch (code) {
        case ECONNRESET:
        case EPIPE:
            return {Errc::reset, "the peer closed the connection"};
        case ETIMEDOUT:
            return {Errc::timed_out, "the connection timed out"};
        default:
            return {Errc::io, std::strerror(code)};
    }
}

/// What an operation needs while it waits; the stream itself may be gone by then.
struct Shared {
    explicit Shared(tcp::socket s) : socket(std::move(s)) {}
    tcp::socket socket;
    std::optional<Error> ended;   ///< by us
    std::optional<Error> broken;  ///< by the kernel, which tells it only once; what came before can still be read
    bool maybe_more = true;       ///< the last read filled its buffer: the socket may hold more

    void end(Error why) noexcept {
        if (ended) return;
        boost::system::error_code ignored;
        // A plain close lets what was written, a goodbye above all, still leave. To a peer that takes nothing any more
        // the kernel would offer it for minutes: a reset frees it.
        if (why.code() == Errc::timed_out) socket.set_option(asio::socket_base::linger(true, 0), ignored);
        ended.emplace(std::move(why));
        socket.close(ignored);
    }
    std::unexpected<Error> breaks(int code) {
        if (!broken) broken = socket_error(code);
        return fail(*broken);
    }
};

Task<Result<void>> wait_readable(std::shared_ptr<Shared> shared) {
    if (shared->ended) co_return fail(*shared->ended);
    if (shared->maybe_more) {
        shared->maybe_more = false;
        co_await yield_now();
    } else {
        const auto [code] = co_await shared->socket.async_wait(tcp::socket::wait_read, kAwait);
        if (code && !shared->ended) co_return fail(Errc::shutdown, "the wait was cancelled");
    }
    if (shared->ended) co_return fail(*shared->ended);
    co_return Result<void>{};
}

/// Sends what the socket takes; the number of bytes, 0 when it is full.
Result<std::size_t> send_some(Shared& shared, std::span<const BytesView> pieces) {
    std::array<iovec, kMaxPieces> parts;
    const auto count = std::min(pieces.size(), parts.size());
    for (std::size_t i = 0; i < count; ++i) {
        parts[i] = {const_cast<Byte*>(pieces[i].data()), pieces[i].size()};
    }
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = count;
    for (;;) {
        const auto sent = ::sendmsg(shared.socket.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0) return static_cast<std::size_t>(sent);
        if (errno == EINTR) continue;
        if (errno == EAGAIN || errno == EWOULDBLOCK) return std::size_t{0};
        return shared.breaks(errno);
    }
}

void drop_front(std::vector<BytesView>& pieces, std::size_t count) {
    std::size_t whole = 0;
    while (whole < pieces.size() && pieces[whole].size() <= count) count -= pieces[whole++].size();
    pieces.erase(pieces.begin(), pieces.begin() + static_cast<std::ptrdiff_t>(whole));
    if (count > 0) pieces.front() = pieces.front().subspan(count);
}

Task<Result<void>> write_all(std::shared_ptr<Shared> shared, std::vector<BytesView> pieces) {
    bool begun = false;
    while (!pieces.empty()) {
        if (shared->ended) co_return fail(*shared->ended);
        SOTTO_CO_TRY(const auto sent, send_some(*shared, pieces));
        drop_front(pieces, sent);
        if (sent > 0) {
            begun = true;
            continue;
        }
        const auto [code] = co_await shared->socket.async_wait(tcp::socket::wait_write, kAwait);
        if (!code) continue;
        // Cancelled half-way: nothing may follow a cut frame.
        if (begun) shared->end(Error(Errc::reset, "a write was cancelled half-way"));
        if (!shared->ended) co_return fail(Errc::shutdown, "the write was cancelled");
    }
    co_return Result<void>{};
}

class TcpStream final : public net::Stream {
  public:
    explicit TcpStream(tcp::socket socket) : shared_(std::make_shared<Shared>(std::move(socket))) {}
    ~TcpStream() override { shared_->end(Error(Errc::reset, "the stream was destroyed")); }

    Task<Result<void>> readable() override { return wait_readable(shared_); }
    Result<std::size_t> try_read(BytesSpan into) noexcept override {
        if (shared_->ended) return fail(*shared_->ended);
        for (;;) {
            const auto count = ::recv(shared_->socket.native_handle(), into.data(), into.size(), MSG_DONTWAIT);
            if (count == 0 && shared_->broken) return fail(*shared_->broken);
            if (count >= 0) {
                shared_->maybe_more = count == 0 || static_cast<std::size_t>(count) == into.size();
                return static_cast<std::size_t>(count);
            }
            if (errno == EINTR) continue;
            shared_->maybe_more = false;
            if (errno == EAGAIN || errno == EWOULDBLOCK) return fail(Errc::would_block);
            return shared_->breaks(errno);
        }
    }
    Task<Result<void>> write(Buffers pieces) override {
        std::vector<BytesView> left;
        for (const auto& piece : pieces) {
            if (!piece.empty()) left.push_back(piece);
        }
        return write_all(shared_, std::move(left));
    }
    Task<Result<void>> close_write() override {
        if (shared_->ended) co_return fail(*shared_->ended);
        boost::system::error_code code;
        shared_->socket.shutdown(tcp::socket::shutdown_send, code);
        if (code) co_return shared_->breaks(code.value());
        co_return Result<void>{};
    }
    void reset(Error why) noexcept override { shared_->end(std::move(why)); }

  private:
    std::shared_ptr<Shared> shared_;
};

}  // namespace

std::unique_ptr<net::Stream> make_tcp_stream(Env env, int connected_socket, bool ipv6) {
    tcp::socket socket(env.executor);
    boost::system::error_code code;
    socket.assign(ipv6 ? tcp::v6() : tcp::v4(), connected_socket, code);
    socket.non_blocking(true, code);
    socket.set_option(tcp::no_delay(true), code);
    return std::make_unique<TcpStream>(std::move(socket));
}

}  // namespace sotto::transport
