// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "standard_input.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>

namespace sotto::app {
namespace {

namespace asio = boost::asio;

/// Files are always ready, and epoll refuses them.
bool is_file(int fd) {
    struct stat info{};
    return ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
}

}  // namespace

struct StandardInput::Impl {
    explicit Impl(const Executor& executor) : descriptor(executor) {
        if (!is_file(STDIN_FILENO)) descriptor.assign(::dup(STDIN_FILENO));
    }
    asio::posix::stream_descriptor descriptor;
};

StandardInput::StandardInput(const Executor& executor) : impl_(std::make_unique<Impl>(executor)) {}
StandardInput::~StandardInput() = default;

Task<std::size_t> StandardInput::read(BytesSpan into) {
    if (impl_->descriptor.is_open()) {
        // Waiting instead of reading leaves the terminal that we share with the shell in blocking mode.
        const auto [code] = co_await impl_->descriptor.async_wait(asio::posix::stream_descriptor::wait_read,
                                                                  asio::as_tuple(asio::use_awaitable));
        if (code) co_return 0;
    }
    const auto count = ::read(STDIN_FILENO, into.data(), into.size());
    co_return count > 0 ? static_cast<std::size_t>(count) : 0;
}

void StandardInput::close() noexcept {
    boost::system::error_code ignored;
    impl_->descriptor.close(ignored);
}

}  // namespace sotto::app
