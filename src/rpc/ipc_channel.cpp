// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/ipc_channel.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "rpc/json_framer.hpp"
#include "rpc/socket_path.hpp"

namespace sotto::rpc {
namespace {

namespace asio = boost::asio;
using Protocol = asio::local::stream_protocol;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kReadSize = 64 * 1024;

class IpcChannel final : public MessageChannel {
  public:
    IpcChannel(Protocol::socket socket, MaxMessage max_message)
        : socket_(std::move(socket)), max_message_(std::move(max_message)) {
        boost::system::error_code ignored;
        socket_.non_blocking(true, ignored);
    }

    Task<Result<std::string>> read() override {
        for (;;) {
            SOTTO_CO_TRY(auto message, framer_.next(max_message_()));
            if (message) co_return std::move(*message);
            const auto [code] = co_await socket_.async_wait(Protocol::socket::wait_read, kAwait);
            if (code) co_return fail(Errc::reset);
            SOTTO_CO_CHECK(take_what_came());
        }
    }

    Task<Result<void>> write(const std::string& message) override {
        static constexpr std::string_view kEnd = "\n";
        const std::array pieces{asio::buffer(message), asio::buffer(kEnd)};
        const auto [code, size] = co_await asio::async_write(socket_, pieces, kAwait);
        if (code) co_return fail(Errc::reset);
        co_return Result<void>{};
    }

    void close() noexcept override {
        boost::system::error_code ignored;
        socket_.close(ignored);
    }

  private:
    /// Not a coroutine: its buffer lives only while it runs, so that an idle client has none.
    Result<void> take_what_came() {
        std::array<char, kReadSize> bytes;
        boost::system::error_code code;
        const auto size = socket_.read_some(asio::buffer(bytes), code);
        if (code == asio::error::would_block) return {};
        if (code == asio::error::eof) return end_of_input();
        if (code) return fail(Errc::reset);
        framer_.push({bytes.data(), size});
        return {};
    }

    Result<void> end_of_input() const {
        if (framer_.within()) return fail(Errc::malformed, "the request ends too early");
        return fail(Errc::closed);
    }

    Protocol::socket socket_;
    MaxMessage max_message_;
    JsonFramer framer_;
};

}  // namespace

std::unique_ptr<MessageChannel> make_ipc_channel(const Executor& executor, int socket, MaxMessage max_message) {
    return std::make_unique<IpcChannel>(Protocol::socket(executor, Protocol(), socket), std::move(max_message));
}

Task<Result<std::unique_ptr<MessageChannel>>> connect_ipc(Env env, std::filesystem::path path, MaxMessage max_message) {
    SOTTO_CO_TRY(const auto name, SocketPath::make(path));
    Protocol::socket socket(env.executor);
    const auto [code] = co_await socket.async_connect(Protocol::endpoint(name.text()), kAwait);
    if (code) {
        co_return fail(Errc::unreachable,
                       "no node answers at " + path.string() + " (" + code.message() + "); start one with: sotto run");
    }
    co_return std::make_unique<IpcChannel>(std::move(socket), std::move(max_message));
}

}  // namespace sotto::rpc
