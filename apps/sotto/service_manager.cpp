// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "service_manager.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>

#include "base/escape.hpp"
#include "base/log.hpp"
#include "node/settings.hpp"

namespace sotto::app {
namespace {

constexpr timeval kPatience{.tv_sec = 1, .tv_usec = 0};  // a manager that does not read must not hold up the loop

std::string_view variable(const Environment& environment, std::string_view name) {
    return node::find_variable(environment, name).value_or(std::string_view());
}

std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// The watchdog may be meant for another process of the service.
std::optional<Duration> watchdog_of(const Environment& environment) {
    const auto process = variable(environment, "WATCHDOG_PID");
    if (!process.empty() && number(process) != static_cast<std::uint64_t>(::getpid())) return std::nullopt;
    const auto limit = number(variable(environment, "WATCHDOG_USEC"));
    constexpr std::uint64_t kLongest = 1'000'000ull * 60 * 60 * 24 * 365;
    if (!limit || *limit == 0) return std::nullopt;
    return std::chrono::microseconds(std::min(*limit, kLongest));
}

/// Empty when the text names no socket that can be.
std::string address_of(std::string_view text) {
    constexpr std::size_t kLongest = sizeof(sockaddr_un::sun_path) - 1;
    if (text.size() < 2 || text.size() > kLongest || (text.front() != '/' && text.front() != '@')) return {};
    std::string address(text);
    if (address.front() == '@') address.front() = '\0';
    return address;
}

}  // namespace

ServiceManager::ServiceManager(Env env, const Environment& environment)
    : env_(env), address_(address_of(variable(environment, "NOTIFY_SOCKET"))), watchdog_(watchdog_of(environment)) {
    if (address_.empty()) return;
    socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket_ >= 0) (void)::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
}

ServiceManager::~ServiceManager() {
    if (socket_ >= 0) ::close(socket_);
}

void ServiceManager::tell(std::string_view lines, Wait wait) const {
    if (socket_ < 0) return;
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    std::ranges::copy(address_, std::begin(to.sun_path));
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
    const int flags = MSG_NOSIGNAL | (wait == Wait::not_at_all ? MSG_DONTWAIT : 0);
    const auto sent =
        ::sendto(socket_, lines.data(), lines.size(), flags, reinterpret_cast<const sockaddr*>(&to), size);
    if (sent < 0) log::debug("run", "the service manager was not told", {{"error", std::strerror(errno)}});
}

void ServiceManager::ready(std::string_view status) const {
    tell(fmt::format("READY=1\nSTATUS={}\n", escape_json(status)), Wait::briefly);
}

void ServiceManager::reloading() const {
    const auto now = std::chrono::floor<std::chrono::microseconds>(env_.clock->now().since_start);
    tell(fmt::format("RELOADING=1\nMONOTONIC_USEC={}\n", now.count()), Wait::briefly);
}

void ServiceManager::stopping() const {
    tell("STOPPING=1\nSTATUS=saying goodbye\n", Wait::briefly);
}

Task<void> ServiceManager::feed_watchdog(std::function<std::string()> status) const {
    if (!watchdog_ || socket_ < 0) co_return;
    for (;;) {
        tell(fmt::format("WATCHDOG=1\nSTATUS={}\n", escape_json(status())), Wait::not_at_all);
        co_await sleep_for(*env_.clock, *watchdog_ / 2);
    }
}

}  // namespace sotto::app
