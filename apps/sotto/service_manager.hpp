// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/env.hpp"
#include "verbs.hpp"

namespace sotto::app {

/// Tells the service manager how the service is: the protocol of sd_notify(3), one datagram of lines to the socket that
/// NOTIFY_SOCKET names (a path, or an abstract name after @). Without one it does nothing. Loop thread only.
class ServiceManager {
  public:
    ServiceManager(Env env, const Environment& environment);
    ServiceManager(const ServiceManager&) = delete;
    ServiceManager& operator=(const ServiceManager&) = delete;
    ~ServiceManager();

    /// Also ends what reloading() began.
    void ready(std::string_view status) const;
    void reloading() const;
    void stopping() const;
    /// Proves that the loop turns, twice in the time that WATCHDOG_USEC allows, with the status of then. Until it is
    /// cancelled; returns at once when nobody watches.
    Task<void> feed_watchdog(std::function<std::string()> status) const;

  private:
    enum class Wait : std::uint8_t { briefly, not_at_all };
    void tell(std::string_view lines, Wait wait) const;

    Env env_;
    std::string address_;  ///< as the kernel takes it: an abstract name begins with a zero byte
    std::optional<Duration> watchdog_;
    int socket_ = -1;
};

}  // namespace sotto::app
