// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "standard_input.hpp"

#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace sotto::app {
namespace {

namespace asio = boost::asio;

bool is_ready() {
    pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
    return ::poll(&input, 1, 0) != 0;
}

}  // namespace

/// Asio makes what it waits for non-blocking, and a terminal shares that with every process and stream that has it
/// open: our own output would be cut off. So it waits for an epoll set with stdin in it.
struct StandardInput::Impl {
    explicit Impl(const Executor& executor) : readable(executor) {
        const int set = ::epoll_create1(EPOLL_CLOEXEC);
        epoll_event event{};
        event.events = EPOLLIN;
        if (set >= 0 && ::epoll_ctl(set, EPOLL_CTL_ADD, STDIN_FILENO, &event) == 0) {
            readable.assign(set);
        } else if (set >= 0) {
            ::close(set);  // a file: always ready, and epoll refuses it
        }
    }
    asio::posix::stream_descriptor readable;
};

StandardInput::StandardInput(const Executor& executor) : impl_(std::make_unique<Impl>(executor)) {}
StandardInput::~StandardInput() = default;

Task<std::size_t> StandardInput::read(BytesSpan into) {
    do {
        if (!impl_->readable.is_open()) break;
        const auto [code] = co_await impl_->readable.async_wait(asio::posix::stream_descriptor::wait_read,
                                                                asio::as_tuple(asio::use_awaitable));
        if (code) co_return 0;
    } while (!is_ready());
    const auto count = ::read(STDIN_FILENO, into.data(), into.size());
    co_return count > 0 ? static_cast<std::size_t>(count) : 0;
}

void StandardInput::close() noexcept {
    boost::system::error_code ignored;
    impl_->readable.close(ignored);
}

}  // namespace sotto::app
